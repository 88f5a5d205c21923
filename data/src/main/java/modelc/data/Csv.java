package modelc.data;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.CsvRecordHandler;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import modelc.runtime.Column;
import modelc.runtime.DataException;
import modelc.runtime.ElementType;
import modelc.runtime.FileException;
import modelc.runtime.LimitException;
import modelc.runtime.ModelcException;

/**
 * A table in a CSV file with a header: one column to be learned, all others numbers to learn it
 * from. Strict, with line and column in every complaint; nothing is guessed or filled in.
 *
 * @param answer the column to be learned
 * @param classes whether it holds classes, {@code label: i32[]}, or numbers, {@code target: f32[]}
 * @param ignored columns to leave out
 */
record Csv(Path file, String answer, boolean classes, List<String> ignored, char separator) {
  /** Numbers held at most: 2 GB of float32. */
  static final long MAX_VALUES = 1L << 29;

  private static final int MAX_COLUMNS = 100_000;

  /** Fields that are read, so that too many can be counted. */
  private static final int MAX_FIELDS = 1 << 22;

  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
  private static final Pattern INTEGER = Pattern.compile("[+-]?\\d{1,10}");

  /** {@code features: f32[n]} and {@code label} or {@code target}; reads the header alone. */
  List<Column> columns() {
    return with(records -> columns(layout(records).features.length));
  }

  private List<Column> columns(int features) {
    return List.of(
        new Column("features", ElementType.F32, List.of((long) features)),
        classes
            ? new Column("label", ElementType.I32, List.of())
            : new Column("target", ElementType.F32, List.of()));
  }

  /** Where in a record what stands. */
  private record Layout(List<String> names, int answer, int[] features) {}

  private interface Body<T> {
    T run(Iterator<CsvRecord> records);
  }

  private <T> T with(Body<T> body) {
    var decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    try (var in = new java.io.InputStreamReader(Files.newInputStream(file), decoder);
        CsvReader<CsvRecord> reader =
            CsvReader.builder()
                .fieldSeparator(separator)
                .skipEmptyLines(true)
                // Told better here, with both counts.
                .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
                .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
                .build(CsvRecordHandler.builder().maxFields(MAX_FIELDS).build(), in)) {
      return body.run(reader.iterator());
    } catch (CsvParseException e) {
      throw damaged(e.getMessage() == null ? "it cannot be parsed" : e.getMessage());
    } catch (UncheckedIOException e) {
      throw unreadable(e.getCause() == null ? new IOException(e) : e.getCause());
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private RuntimeException unreadable(IOException e) {
    if (e instanceof CharacterCodingException) {
      return damaged("it is not UTF-8 text");
    }
    boolean missing = e instanceof java.nio.file.NoSuchFileException;
    return new FileException(
        "D0302",
        missing ? "there is no file " + file : "cannot read " + file + ": " + e.getMessage(),
        "check the path; " + Request.RELATIVE,
        e);
  }

  private DataException damaged(String what) {
    return new DataException(
        "D0303",
        file + ": " + what,
        "a header, then a record a line, as many fields in each, numbers with a decimal point");
  }

  private ModelcException damaged(CsvRecord record, int column, List<String> names, String what) {
    long line = record.getStartingLineNumber();
    return damaged(
            "line " + line + ", column " + (column + 1) + " (" + names.get(column) + "): " + what)
        .atLine(file, line, column + 1);
  }

  private Layout layout(Iterator<CsvRecord> records) {
    if (!records.hasNext()) {
      throw damaged("it is empty");
    }
    CsvRecord header = records.next();
    List<String> names = header.getFields().stream().map(Csv::bare).toList();
    if (names.size() > MAX_COLUMNS) {
      throw new LimitException(
          "D0304",
          file + " has " + names.size() + " columns",
          "at most " + MAX_COLUMNS + " are read");
    }
    var seen = new HashSet<String>();
    for (int i = 0; i < names.size(); i++) {
      if (names.get(i).isEmpty() || !seen.add(names.get(i))) {
        throw damaged(
            header,
            i,
            names,
            names.get(i).isEmpty() ? "a column without a name" : "a second column of this name");
      }
    }
    for (String wanted : concat(answer, ignored)) {
      if (!names.contains(wanted)) {
        throw new DataException(
            "D0305",
            file + " has no column " + wanted,
            Arguments.suggestion(wanted, names) + "its header has " + String.join(", ", names));
      }
    }
    int[] features =
        java.util.stream.IntStream.range(0, names.size())
            .filter(i -> isFeature(names.get(i)))
            .toArray();
    if (features.length == 0) {
      throw damaged("it has no column beside " + answer + " to learn from");
    }
    return new Layout(names, names.indexOf(answer), features);
  }

  private static List<String> concat(String first, List<String> rest) {
    var all = new ArrayList<>(rest);
    all.addFirst(first);
    return all;
  }

  /** Without spaces around it, and without the mark some programs put before the first name. */
  private static String bare(String name) {
    return (name.startsWith("\uFEFF") ? name.substring(1) : name).strip();
  }

  private boolean isFeature(String name) {
    return !name.equals(answer) && !ignored.contains(name);
  }

  /** Reads the whole table. */
  DataSet read() {
    return with(
        records -> {
          Layout layout = layout(records);
          var features = new ArrayList<float[]>();
          var answers = new ArrayList<String>();
          var lines = new ArrayList<Long>();
          while (records.hasNext()) {
            CsvRecord record = records.next();
            checkLength(record, layout, features.size());
            var row = new float[layout.features.length];
            for (int i = 0; i < row.length; i++) {
              row[i] = number(record, layout.features[i], layout.names);
            }
            String value = record.getField(layout.answer).strip();
            if (value.isEmpty()) {
              throw damaged(record, layout.answer, layout.names, "nothing there");
            }
            if (!classes) {
              number(record, layout.answer, layout.names);
            }
            features.add(row);
            answers.add(value);
            lines.add(record.getStartingLineNumber());
          }
          if (features.isEmpty()) {
            throw damaged("it has a header and no records");
          }
          return table(layout, features, answers, lines);
        });
  }

  private void checkLength(CsvRecord record, Layout layout, int rows) {
    if (record.getFieldCount() != layout.names.size()) {
      throw damaged(
              "line "
                  + record.getStartingLineNumber()
                  + " has "
                  + record.getFieldCount()
                  + " fields, the header "
                  + layout.names.size())
          .atLine(file, record.getStartingLineNumber(), record.getFieldCount());
    }
    checkNumbers(file, (rows + 1L) * layout.features.length);
  }

  static void checkNumbers(Path file, long count) {
    if (count > MAX_VALUES) {
      throw new LimitException(
          "D0306",
          file + " holds more than " + MAX_VALUES + " numbers",
          "split the file, or ignore columns");
    }
  }

  private float number(CsvRecord record, int column, List<String> names) {
    String text = record.getField(column).strip();
    if (!NUMBER.matcher(text).matches()) {
      String what = text.isEmpty() ? "nothing there" : "not a number: " + shortened(text);
      throw damaged(record, column, names, what);
    }
    float value = Float.parseFloat(text);
    if (Float.isInfinite(value)) {
      throw damaged(record, column, names, "too large for a 32-bit float: " + shortened(text));
    }
    return value;
  }

  private static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }

  private DataSet table(
      Layout layout, List<float[]> features, List<String> answers, List<Long> lineNumbers) {
    float[][] rows = features.toArray(float[][]::new);
    List<Column> columns = columns(layout.features.length);
    long[] lines = lineNumbers.stream().mapToLong(Long::longValue).toArray();
    if (!classes) {
      var targets = new float[rows.length];
      for (int i = 0; i < rows.length; i++) {
        targets[i] = Float.parseFloat(answers.get(i));
      }
      return new Table(file, lines, columns, rows, new int[0], targets, List.of());
    }
    var names = new TreeSet<>(answers);
    boolean numbered = names.stream().allMatch(Csv::isInt);
    List<String> sorted = List.copyOf(names);
    var labels = new int[rows.length];
    for (int i = 0; i < rows.length; i++) {
      labels[i] =
          numbered
              ? Integer.parseInt(answers.get(i))
              : java.util.Collections.binarySearch(sorted, answers.get(i));
    }
    return new Table(
        file, lines, columns, rows, labels, new float[0], numbered ? List.of() : sorted);
  }

  private static boolean isInt(String text) {
    return INTEGER.matcher(text).matches() && Long.parseLong(text) == (int) Long.parseLong(text);
  }

  /** A table read; labels where it has classes, else targets. */
  private record Table(
      Path file,
      long[] lines,
      List<Column> columns,
      float[][] rows,
      int[] labels,
      float[] targets,
      List<String> classNames)
      implements DataSet {
    @Override
    public long size() {
      return rows.length;
    }

    @Override
    public String name(long sample) {
      return file + ", line " + lines[Math.toIntExact(sample)];
    }

    @Override
    public int label(long sample) {
      return labels.length == 0 ? -1 : labels[Math.toIntExact(sample)];
    }

    @Override
    public void read(long sample, long epoch, MemorySegment[] into) {
      int i = Math.toIntExact(sample);
      MemorySegment.copy(rows[i], 0, into[0], ValueLayout.JAVA_FLOAT, 0, rows[i].length);
      if (labels.length > 0) {
        into[1].set(ValueLayout.JAVA_INT, 0, labels[i]);
      } else {
        into[1].set(ValueLayout.JAVA_FLOAT, 0, targets[i]);
      }
    }
  }
}
