% Prints a file as read by Octave's netcdf package, in the lines that dumps.py describes.
%
% usage: octave-cli dump.m FILE FOLDER

pkg load netcdf

function text = hexadecimal(bytes)
  text = sprintf("%02x", bytes);
end

function attributes_of(id, number, total, name)
  for k = 0:total - 1
    key = netcdf_inqAttName(id, number, k);
    value = netcdf_getAtt(id, number, key);
    if isempty(value)
      printf("A\t%s\t%s\tempty\t\n", name, key);
    elseif ischar(value)
      printf("A\t%s\t%s\ttext\t%s\n", name, key, hexadecimal(uint8(value(:))));
    else
      printf("A\t%s\t%s\t%s\t%s\n", name, key, type_of(value), hexadecimal(typecast(value(:).', "uint8")));
    end
  end
end

function kind = type_of(value)
  kinds = struct("int8", "i1", "uint8", "u1", "int16", "i2", "uint16", "u2", "int32", "i4", "uint32", "u4", ...
                 "int64", "i8", "uint64", "u8", "single", "f4", "double", "f8");
  kind = kinds.(class(value));
end

given = argv();
id = netcdf_open(given{1}, "NOWRITE");
printf("VERSION\t%s (Octave %s)\n", ver("netcdf").Version, version());
[dimensions, variables, attributes] = netcdf_inq(id);
names = {}; lengths = [];
for k = 0:dimensions - 1
  [names{k + 1}, lengths(k + 1)] = netcdf_inqDim(id, k);
  printf("D\t%s\t%d\n", names{k + 1}, lengths(k + 1));
end
for k = 0:variables - 1
  [name, kind, numbers, total] = netcdf_inqVar(id, k);
  value = netcdf_getVar(id, k);
  % Octave's arrays have the opposite order of dimensions, and so do the lists of dimensions that it returns.
  numbers = fliplr(reshape(numbers, 1, []));
  shape = strjoin(arrayfun(@(n) sprintf("%d", lengths(n + 1)), numbers, "UniformOutput", false), ",");
  named = strjoin(arrayfun(@(n) names{n + 1}, numbers, "UniformOutput", false), ",");
  place = fullfile(given{2}, sprintf("%d.bin", k));
  file = fopen(place, "w");
  if ischar(value)
    fwrite(file, uint8(value(:)), "uint8");
    printf("V\t%s\tchar\t%s\t%s\tS1\t%s\n", name, shape, named, place);
  else
    fwrite(file, value(:), class(value), 0, "ieee-le");
    printf("V\t%s\t%s\t%s\t%s\t%s\t%s\n", name, type_of(value), shape, named, type_of(value), place);
  end
  fclose(file);
  attributes_of(id, k, total, name);
end
attributes_of(id, netcdf_getConstant("NC_GLOBAL"), attributes, "/");
netcdf_close(id);
