package modelc.runtime.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.function.Consumer;
import modelc.runtime.ModelcException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files made to harm: each is one error with a code, and takes no memory to speak of. */
class HostileFileTest {
  private static final long[] TWO = {2};
  private static final long[] ONE = {1};

  @TempDir Path folder;

  /** A dictionary with one item, {@code value}. */
  private Path file(Consumer<PickleWriter> value) throws IOException {
    var w = new PickleWriter().floats("0", 1, 2, 3, 4);
    w.op(Opcode.EMPTY_DICT).text("w");
    value.accept(w);
    return w.op(Opcode.SETITEM).write(folder.resolve("x.pt"));
  }

  private static void refused(Path file, String code, String message) {
    assertThatThrownBy(() -> TorchFile.open(file))
        .isInstanceOfSatisfying(
            ModelcException.class,
            e -> {
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.getMessage()).contains(message);
              assertThat(e.place().orElse("")).startsWith(file.toString());
              assertThat(e.cure()).isNotBlank();
            });
  }

  private static long[] sizes(long... sizes) {
    return sizes;
  }

  @Test
  void aSoundFileIsRead() throws IOException {
    Path path = file(w -> w.tensor("0", 4, 1, sizes(2), sizes(1)));
    try (var file = TorchFile.open(path);
        Arena arena = Arena.ofConfined()) {
      assertThat(file.read(file.entry("w").orElseThrow(), arena).floats()).containsExactly(2, 3);
    }
  }

  @Test
  void tensorsOutsideTheirStorageAreRefused() throws IOException {
    refused(file(w -> w.tensor("0", 4, 3, TWO, ONE)), "R0801", "outside its storage of 4");
    refused(file(w -> w.tensor("0", 4, -1, TWO, ONE)), "R0801", "outside its storage");
    refused(file(w -> w.tensor("0", 4, 0, TWO, sizes(4))), "R0801", "outside its storage");
    refused(file(w -> w.tensor("0", 4, Long.MAX_VALUE, TWO, ONE)), "R0801", "impossibly large");
    refused(
        file(w -> w.tensor("0", 4, 0, TWO, sizes(Long.MAX_VALUE))), "R0801", "impossibly large");
    refused(
        file(w -> w.tensor("0", 4, 0, sizes(1L << 40, 1L << 40), sizes(0, 0))),
        "R0801",
        "impossibly large");
    refused(file(w -> w.tensor("0", 4, 0, sizes(1L << 40), sizes(0))), "R0804", "repeats elements");
    refused(
        file(w -> w.tensor("0", 4, 0, sizes(1L << 62, 1L << 62, 0), sizes(0, 0, 0))),
        "R0801",
        "impossibly large");
    refused(file(w -> w.tensor("0", 4, 0, TWO, sizes(-1))), "R0801", "from 0 on");
    refused(file(w -> w.tensor("0", 4, 0, sizes(-2), ONE)), "R0801", "from 0 on");
    refused(file(w -> w.tensor("0", 4, 0, TWO, sizes(1, 1))), "R0801", "do not fit its shape");
    refused(file(w -> w.tensor("0", 4, 0, new long[33], new long[33])), "R0801", "at most 32");
  }

  @Test
  void storagesThatAreNotThereAreRefused() throws IOException {
    refused(file(w -> w.tensor("7", 4, 0, TWO, ONE)), "R0801", "no data/7");
    refused(file(w -> w.tensor("0", 5, 0, TWO, ONE)), "R0801", "takes 16 bytes");
    refused(file(w -> w.tensor("0", 1L << 61, 0, TWO, ONE)), "R0801", "impossibly large");
    refused(file(w -> w.tensor("0", -4, 0, TWO, ONE)), "R0801", "not described as one");
    refused(file(w -> w.tensor("../0", 4, 0, TWO, ONE)), "R0801", "no data/../0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "os system",
        "builtins eval",
        "__builtin__ exec",
        "posix system",
        "torch load",
        "torch.hub load",
        "torch._utils _rebuild_tensor",
        "collections Counter",
        "torch FloatStorage.__init__",
        "torch.storage FloatStorage"
      })
  void noOtherTypeIsAllowed(String type) throws IOException {
    String module = type.substring(0, type.indexOf(' '));
    String name = type.substring(type.indexOf(' ') + 1);
    refused(
        file(w -> w.global(module, name).text("id").op(Opcode.TUPLE1, Opcode.REDUCE)),
        "R0802",
        "type " + module + "." + name);
    refused(
        file(w -> w.text(module).text(name).op(Opcode.STACK_GLOBAL)),
        "R0802",
        "type " + module + "." + name);
  }

  @Test
  void noOtherOpcodeIsAllowed() throws IOException {
    refused(file(w -> w.op('i')), "R0802", "opcode INST (0x69)");
    refused(file(w -> w.op('o')), "R0802", "opcode OBJ (0x6f)");
    refused(file(w -> w.op(0x81)), "R0802", "opcode NEWOBJ (0x81)");
    refused(file(w -> w.op(0x82, 1)), "R0802", "opcode EXT1 (0x82)");
    refused(file(w -> w.op(0x92)), "R0802", "opcode NEWOBJ_EX (0x92)");
    refused(file(w -> w.op('P')), "R0802", "opcode PERSID (0x50)");
    refused(file(w -> w.op(0xff)), "R0802", "opcode unknown (0xff)");
    for (int opcode = 0; opcode < 256; opcode++) {
      int code = opcode;
      Path path = file(w -> w.op(code));
      assertThatThrownBy(() -> TorchFile.open(path))
          .as("opcode %d", opcode)
          .isInstanceOf(ModelcException.class);
    }
  }

  @Test
  void callsOfWhatIsNoFunctionAreRefused() throws IOException {
    refused(
        file(w -> w.text("f").op(Opcode.EMPTY_TUPLE, Opcode.REDUCE)), "R0802", "is no function");
    refused(
        file(w -> w.global("torch", "FloatStorage").op(Opcode.EMPTY_TUPLE, Opcode.REDUCE)),
        "R0802",
        "is no function");
    refused(
        file(w -> w.tensor("0", 4, 0, TWO, ONE).op(Opcode.EMPTY_DICT, Opcode.BUILD)),
        "R0802",
        "BUILD");
  }

  @Test
  void stacksThatDoNotAddUpAreRefused() throws IOException {
    refused(file(w -> w.op(Opcode.SETITEM)), "R0801", "takes a value where there is none");
    refused(file(w -> w.op(Opcode.TUPLE)), "R0801", "a mark it did not make");
    refused(file(w -> w.op(Opcode.BINGET, 9)), "R0801", "uses value 9 before it is there");
    refused(file(w -> w.op(Opcode.NONE, Opcode.NONE)), "R0801", "sets an item");
    refused(file(w -> w.op(Opcode.BINUNICODE).int32(-1)), "R0801", "ends early");
    refused(file(w -> w.op(Opcode.BINUNICODE).int32(1 << 30)), "R0801", "ends early");
    refused(file(w -> w.op(Opcode.LONG1, 255)), "R0802", "an integer of 255 bytes");
    refused(file(w -> w.op(Opcode.SHORT_BINUNICODE, 1, 0xff)), "R0801", "not UTF-8");
    refused(file(w -> w.op(Opcode.PROTO, 6).op(Opcode.NONE)), "R0801", "protocol 6");
  }

  @Test
  void valuesThatHoldThemselvesAreRefused() throws IOException {
    // d["w"] = d, and the same through a state dict.
    var w = new PickleWriter().op(Opcode.EMPTY_DICT, Opcode.BINPUT, 0).text("w");
    Path cyclic = w.op(Opcode.BINGET, 0, Opcode.SETITEM).write(folder.resolve("cyclic.pt"));
    refused(cyclic, "R0801", "one holds itself");
    var s = new PickleWriter().op(Opcode.EMPTY_DICT, Opcode.BINPUT, 0).text("state_dict");
    Path deeper = s.op(Opcode.BINGET, 0, Opcode.SETITEM).write(folder.resolve("deeper.pt"));
    refused(deeper, "R0801", "one holds itself");
    // A list in itself is nothing that is looked into.
    refused(
        file(v -> v.op(Opcode.EMPTY_LIST, Opcode.BINPUT, 0, Opcode.BINGET, 0, Opcode.APPEND)),
        "R0804",
        "no tensor in it");
  }

  @Test
  void dictionariesThatMultiplyAreRefused() throws IOException {
    refused(file(w -> multiplied(w, 14)), "R0803", "dictionaries have more than");
  }

  /** A dictionary of sixteen entries, all one dictionary of sixteen entries, and so on. */
  private static void multiplied(PickleWriter w, int level) {
    w.op(Opcode.EMPTY_DICT, Opcode.BINPUT, level);
    if (level > 0) {
      w.op(Opcode.MARK).text("k0");
      multiplied(w, level - 1);
      for (int i = 1; i < 16; i++) {
        w.text("k" + i).op(Opcode.BINGET, level - 1);
      }
      w.op(Opcode.SETITEMS);
    }
  }

  @Test
  void picklesThatGrowAreStopped() throws IOException {
    // A list of ten million.
    refused(
        file(
            w -> {
              w.op(Opcode.EMPTY_LIST, Opcode.MARK);
              for (int i = 0; i < 2 * Unpickler.MAX_VALUES; i++) {
                w.op(Opcode.NONE);
              }
              w.op(Opcode.APPENDS);
            }),
        "R0803",
        "more than " + Unpickler.MAX_VALUES + " values");
    // Nested so deeply that nothing recursive would survive.
    refused(
        file(
            w -> {
              for (int i = 0; i < 500_000; i++) {
                w.op(Opcode.EMPTY_LIST);
              }
              for (int i = 1; i < 500_000; i++) {
                w.op(Opcode.APPEND);
              }
            }),
        "R0804",
        "no tensor in it");
    // One list of pairs, made into thousands of dictionaries.
    refused(
        file(
            w -> {
              w.op(Opcode.EMPTY_LIST, Opcode.MARK);
              for (int i = 0; i < 3000; i++) {
                w.text("k" + i).op(Opcode.NONE, Opcode.TUPLE2);
              }
              w.op(Opcode.APPENDS, Opcode.TUPLE1, Opcode.BINPUT, 1);
              w.global("collections", "OrderedDict").op(Opcode.BINPUT, 2);
              for (int i = 0; i < 3000; i++) {
                w.op(Opcode.BINGET, 2, Opcode.BINGET, 1, Opcode.REDUCE);
              }
            }),
        "R0803",
        "values");
  }

  @Test
  void compressedFilesAreRefusedUnread() throws IOException {
    var w = new PickleWriter().compressed().file("data/0", new byte[64 << 20]);
    w.op(Opcode.EMPTY_DICT).text("w").tensor("0", 16 << 20, 0, TWO, ONE).op(Opcode.SETITEM);
    refused(w.write(folder.resolve("bomb.pt")), "R0804", "compressed");
  }

  @Test
  void aBigEndianFileIsRefused() throws IOException {
    var w =
        new PickleWriter()
            .file("byteorder", "big".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    refused(w.op(Opcode.EMPTY_DICT).write(folder.resolve("big.pt")), "R0804", "big-endian");
  }

  @Test
  void namesThatAreNoneAreRefused() throws IOException {
    var w = new PickleWriter().floats("0", 1).op(Opcode.EMPTY_DICT).text("a\u001b[2J");
    w.tensor("0", 1, 0, ONE, ONE).op(Opcode.SETITEM);
    refused(w.write(folder.resolve("name.pt")), "R0801", "no name of a tensor");
  }
}
