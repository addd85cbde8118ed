import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import ucar.ma2.Array;
import ucar.ma2.DataType;
import ucar.nc2.Attribute;
import ucar.nc2.Dimension;
import ucar.nc2.NetcdfFile;
import ucar.nc2.Variable;

/**
 * Prints a file as netCDF-Java reads it, in the lines that dumps.py describes.
 *
 * <p>usage: java Dump FILE FOLDER
 */
public class Dump {
  private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);

  public static void main(String[] arguments) throws Exception {
    say("VERSION", "5.3");  // the jar does not state its version
    try (NetcdfFile file = NetcdfFile.open(arguments[0])) {
      for (Dimension one : file.getDimensions()) say("D", one.getShortName(), Integer.toString(one.getLength()));
      int number = 0;
      for (Variable one : file.getVariables()) variable(one, Path.of(arguments[1], number++ + ".bin"));
      for (Attribute one : file.getGlobalAttributes()) attribute("/", one);
    }
    OUT.flush();
  }

  private static void say(String... words) {
    OUT.println(String.join("\t", words));
  }

  private static void variable(Variable item, Path place) throws Exception {
    List<String> names = new ArrayList<>();
    List<String> lengths = new ArrayList<>();
    for (Dimension one : item.getDimensions()) {
      names.add(one.getShortName());
      lengths.add(Integer.toString(one.getLength()));
    }
    Files.write(place, bytes(item.read()));
    boolean characters = item.getDataType() == DataType.CHAR;
    String kind = characters ? "char" : kind(item.getDataType());
    say("V", item.getShortName(), kind, String.join(",", lengths), String.join(",", names), characters ? "S1" : kind, place.toString());
    for (Attribute one : item.getAttributes()) attribute(item.getShortName(), one);
  }

  private static void attribute(String owner, Attribute one) {
    if (one.isString()) {
      String text = one.getLength() == 0 ? "" : one.getStringValue();
      say("A", owner, one.getShortName(), "text", hexadecimal(text.getBytes(StandardCharsets.UTF_8)));
    } else {
      say("A", owner, one.getShortName(), kind(one.getDataType()), one.getLength() == 0 ? "" : hexadecimal(bytes(one.getValues())));
    }
  }

  private static String kind(DataType type) {
    String letter = type.isFloatingPoint() ? "f" : type.isUnsigned() ? "u" : "i";
    return letter + type.getSize();
  }

  /** Values as bytes, little-endian, the last dimension fastest. */
  private static byte[] bytes(Array values) {
    ByteBuffer bytes = ByteBuffer.allocate((int) values.getSize() * values.getDataType().getSize()).order(ByteOrder.LITTLE_ENDIAN);
    Object held = values.copyTo1DJavaArray();
    if (held instanceof double[]) bytes.asDoubleBuffer().put((double[]) held);
    else if (held instanceof float[]) bytes.asFloatBuffer().put((float[]) held);
    else if (held instanceof long[]) bytes.asLongBuffer().put((long[]) held);
    else if (held instanceof int[]) bytes.asIntBuffer().put((int[]) held);
    else if (held instanceof short[]) bytes.asShortBuffer().put((short[]) held);
    else if (held instanceof byte[]) bytes.put((byte[]) held);
    else if (held instanceof char[]) for (char one : (char[]) held) bytes.put((byte) one);
    else throw new IllegalArgumentException(held.getClass().getName());
    return bytes.array();
  }

  private static String hexadecimal(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    for (byte one : bytes) text.append(String.format("%02x", one));
    return text.toString();
  }
}
