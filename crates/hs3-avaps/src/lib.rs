//! HS3 AVAPS dropsonde soundings in, CF-1.6 netCDF and ECHO10 metadata out.
