# Prints a file as read by ncdf4, in the lines that dumps.py describes.
#
# usage: Rscript dump.R FILE FOLDER

suppressMessages(library(ncdf4))

arguments <- commandArgs(trailingOnly = TRUE)
file <- nc_open(arguments[1])
hexadecimal <- function(bytes) paste(format(as.hexmode(as.integer(bytes)), width = 2), collapse = "")
say <- function(...) cat(..., sep = "\t", fill = FALSE, "\n")

text_bytes <- function(text) if (nzchar(text)) hexadecimal(charToRaw(text)) else ""
number_bytes <- function(numbers) hexadecimal(writeBin(as.double(numbers), raw(), endian = "little"))

# R has only text and numbers, whatever the type of the numbers in the file.
attributes_of <- function(owner, name) {
  held <- ncatt_get(file, owner)
  for (key in names(held)) {
    value <- held[[key]]
    if (is.character(value)) say("A", name, key, "text", text_bytes(value))
    else say("A", name, key, "number", number_bytes(value))
  }
}

# Values as stored, in file order: the order of dimensions is reversed both in R's arrays and in ncdf4.
variable <- function(name, number, lengths, dimensions) {
  kind <- ncdf4:::ncvar_type_to_string(ncdf4:::ncvar_type(file$id, number))
  # Skipped: for a single character without dimension, ncdf4 1.21 reads beyond its memory and often crashes.
  if (kind == "char" && length(lengths) == 0) return(invisible())
  values <- ncvar_get(file, name, raw_datavals = TRUE)
  shape <- paste(rev(lengths), collapse = ",")
  dimensions <- paste(rev(dimensions), collapse = ",")
  if (kind == "char") {
    say("T", name, shape, dimensions, vapply(as.vector(values), text_bytes, ""))
  } else {
    place <- file.path(arguments[2], paste0(number, ".bin"))
    writeBin(as.double(values), place, endian = "little")
    say("V", name, kind, shape, dimensions, "f8", place)
  }
  attributes_of(name, name)
}

cat("VERSION\t", as.character(packageVersion("ncdf4")), " (R ", as.character(getRversion()), ")\n", sep = "")
for (item in file$dim) say("D", item$name, item$len)
for (item in file$var)
  variable(item$name, item$id$id, item$varsize, vapply(item$dim, function(one) one$name, ""))
for (item in file$dim)
  if (item$dimvarid$id >= 0) variable(item$name, item$dimvarid$id, item$len, item$name)
attributes_of(0, "/")
