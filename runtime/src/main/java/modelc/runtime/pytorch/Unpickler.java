package modelc.runtime.pytorch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import modelc.runtime.DataException;
import modelc.runtime.ModelcException;
import modelc.runtime.pytorch.Pickled.Constant;
import modelc.runtime.pytorch.Pickled.Dict;
import modelc.runtime.pytorch.Pickled.Function;
import modelc.runtime.pytorch.Pickled.Global;
import modelc.runtime.pytorch.Pickled.Int;
import modelc.runtime.pytorch.Pickled.Items;
import modelc.runtime.pytorch.Pickled.Real;
import modelc.runtime.pytorch.Pickled.Storage;
import modelc.runtime.pytorch.Pickled.StorageClass;
import modelc.runtime.pytorch.Pickled.Text;
import modelc.runtime.pytorch.Pickled.Tuple;
import modelc.runtime.pytorch.Pickled.View;

/**
 * Reads one pickle into {@link Pickled} values: a stack machine of the opcodes and the few types
 * that a file of tensors needs. It runs nothing, looks no class up, and refuses all else by name.
 *
 * <p>Its memory is bounded by {@link #MAX_VALUES}, whatever the bytes say; it does not recurse.
 */
final class Unpickler {
  /** How many values may be made: that of tens of thousands of tensors. */
  static final int MAX_VALUES = 1 << 20;

  private static final int MAX_PROTOCOL = 5;
  private static final int MAX_RANK = 32;

  private final Refusals refusals;
  private final ByteBuffer in;
  private final List<Pickled> stack = new ArrayList<>();

  /** Heights of the stack at the marks. */
  private final List<Integer> marks = new ArrayList<>();

  private final Map<Long, Pickled> memo = new HashMap<>();
  private final Map<String, Storage> storages;
  private int values;

  /** Where the opcode being done lies. */
  private int started;

  private Unpickler(byte[] bytes, int from, Refusals refusals, Map<String, Storage> storages) {
    this.storages = storages;
    this.in = ByteBuffer.wrap(bytes).position(from).order(ByteOrder.LITTLE_ENDIAN);
    this.refusals = refusals;
  }

  /**
   * A value, and where its pickle ends.
   *
   * @param end the index of the first byte after it
   */
  record Result(Pickled value, int end) {}

  /** The value of the pickle that starts at {@code from}. */
  static Result read(byte[] bytes, int from, Refusals refusals) {
    return read(bytes, from, refusals, new HashMap<>());
  }

  /** As the other, also giving the storages that are spoken of, by their keys. */
  static Result read(byte[] bytes, int from, Refusals refusals, Map<String, Storage> storages) {
    return new Unpickler(bytes, from, refusals, storages).run();
  }

  private Result run() {
    try {
      return values();
    } catch (ModelcException e) {
      throw e.atByte(refusals.path() + ", in its pickle", started);
    }
  }

  private Result values() {
    while (true) {
      started = in.position();
      int opcode = unsignedByte();
      if (opcode == Opcode.STOP) {
        Pickled value = pop();
        if (!stack.isEmpty() || !marks.isEmpty()) {
          throw refusals.damaged("its pickle leaves values behind");
        }
        return new Result(value, in.position());
      }
      step(opcode);
    }
  }

  private void step(int opcode) {
    switch (opcode) {
      case Opcode.PROTO -> protocol();
      case Opcode.FRAME -> take(8);
      case Opcode.MARK -> mark();
      case Opcode.NONE -> push(Constant.NONE);
      case Opcode.NEWTRUE -> push(Constant.TRUE);
      case Opcode.NEWFALSE -> push(Constant.FALSE);
      case Opcode.BININT -> push(new Int(signedInt()));
      case Opcode.BININT1 -> push(new Int(unsignedByte()));
      case Opcode.BININT2 -> push(new Int(unsignedByte() | unsignedByte() << 8));
      case Opcode.LONG1 -> push(new Int(bigInteger(unsignedByte())));
      case Opcode.BINFLOAT -> push(new Real(bigEndianDouble()));
      case Opcode.BINUNICODE -> push(new Text(text(unsignedInt())));
      case Opcode.SHORT_BINUNICODE -> push(new Text(text(unsignedByte())));
      case Opcode.EMPTY_TUPLE -> push(new Tuple(List.of()));
      case Opcode.TUPLE -> push(new Tuple(popToMark()));
      case Opcode.TUPLE1 -> push(new Tuple(pop(1)));
      case Opcode.TUPLE2 -> push(new Tuple(pop(2)));
      case Opcode.TUPLE3 -> push(new Tuple(pop(3)));
      case Opcode.EMPTY_LIST -> push(new Items());
      case Opcode.APPEND -> append(pop(1));
      case Opcode.APPENDS -> append(popToMark());
      case Opcode.EMPTY_DICT -> push(new Dict());
      case Opcode.SETITEM -> set(pop(2));
      case Opcode.SETITEMS -> set(popToMark());
      case Opcode.BINPUT -> memoize(unsignedByte());
      case Opcode.LONG_BINPUT -> memoize(unsignedInt());
      case Opcode.MEMOIZE -> memoize(memo.size());
      case Opcode.BINGET -> push(memoized(unsignedByte()));
      case Opcode.LONG_BINGET -> push(memoized(unsignedInt()));
      case Opcode.GLOBAL -> push(global(line(), line()));
      case Opcode.STACK_GLOBAL -> stackGlobal();
      case Opcode.REDUCE -> reduce(pop(2));
      case Opcode.BUILD -> build(pop());
      case Opcode.BINPERSID -> push(storage(pop()));
      default -> throw refusals.forbidden("opcode " + Opcode.name(opcode) + " at byte " + started);
    }
  }

  private void protocol() {
    int version = unsignedByte();
    if (version > MAX_PROTOCOL) {
      throw refusals.damaged("its pickle has protocol " + version);
    }
  }

  // ---- bytes

  private void require(long bytes) {
    if (bytes > in.remaining()) {
      throw refusals.damaged("its pickle ends early, at byte " + in.limit());
    }
  }

  private byte[] take(long count) {
    require(count);
    byte[] bytes = new byte[(int) count];
    in.get(bytes);
    return bytes;
  }

  private int unsignedByte() {
    require(1);
    return in.get() & 0xff;
  }

  private int signedInt() {
    require(4);
    return in.getInt();
  }

  private long unsignedInt() {
    return signedInt() & 0xffffffffL;
  }

  private double bigEndianDouble() {
    return ByteBuffer.wrap(take(8)).getDouble();
  }

  private long bigInteger(int bytes) {
    if (bytes > 8) {
      throw refusals.forbidden("an integer of " + bytes + " bytes");
    }
    byte[] digits = take(bytes);
    long value = bytes == 0 ? 0 : digits[bytes - 1]; // the last byte carries the sign
    for (int i = bytes - 2; i >= 0; i--) {
      value = value << 8 | digits[i] & 0xff;
    }
    return value;
  }

  private String text(long bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(take(bytes))).toString();
    } catch (CharacterCodingException e) {
      throw refusals.damaged("a text in its pickle is not UTF-8");
    }
  }

  private String line() {
    int start = in.position();
    while (unsignedByte() != '\n') {
      // to its end
    }
    int length = in.position() - start - 1;
    in.position(start);
    String line = text(length);
    unsignedByte();
    return line;
  }

  // ---- the stack

  private void push(Pickled value) {
    count();
    stack.add(value);
  }

  private void mark() {
    count();
    marks.add(stack.size());
  }

  private void count() {
    if (++values > MAX_VALUES) {
      throw refusals.tooLarge("its pickle makes more than " + MAX_VALUES + " values");
    }
  }

  private Pickled pop() {
    return pop(1).getFirst();
  }

  private List<Pickled> pop(int count) {
    int floor = marks.isEmpty() ? 0 : marks.getLast();
    if (stack.size() - count < floor) {
      throw refusals.damaged("its pickle takes a value where there is none");
    }
    return cut(stack.size() - count);
  }

  private List<Pickled> popToMark() {
    if (marks.isEmpty()) {
      throw refusals.damaged("its pickle goes back to a mark it did not make");
    }
    return cut(marks.removeLast());
  }

  private List<Pickled> cut(int height) {
    List<Pickled> top = stack.subList(height, stack.size());
    List<Pickled> taken = List.copyOf(top);
    top.clear();
    return taken;
  }

  private Pickled peek() {
    Pickled top = pop();
    stack.add(top);
    return top;
  }

  private void memoize(long key) {
    memo.put(key, peek());
  }

  private Pickled memoized(long key) {
    Pickled value = memo.get(key);
    if (value == null) {
      throw refusals.damaged("its pickle uses value " + key + " before it is there");
    }
    return value;
  }

  // ---- containers

  private void append(List<Pickled> items) {
    if (!(peek() instanceof Items list)) {
      throw refusals.damaged("its pickle appends to what is no list");
    }
    list.items.addAll(items);
  }

  private void set(List<Pickled> pairs) {
    if (!(peek() instanceof Dict dict) || pairs.size() % 2 != 0) {
      throw refusals.damaged("its pickle sets an item of what is no dictionary");
    }
    for (int i = 0; i < pairs.size(); i += 2) {
      if (pairs.get(i) instanceof Text key) {
        dict.entries.put(key.value(), pairs.get(i + 1));
      }
    }
  }

  // ---- what stands for objects

  private void stackGlobal() {
    List<Pickled> names = pop(2);
    if (!(names.get(0) instanceof Text module && names.get(1) instanceof Text name)) {
      throw refusals.damaged("its pickle names a type by what is no text");
    }
    push(global(module.value(), name.value()));
  }

  private Global global(String module, String name) {
    String full = module + "." + name;
    return switch (full) {
      case "collections.OrderedDict" -> Function.ORDERED_DICT;
      case "torch._utils._rebuild_tensor_v2" -> Function.REBUILD_TENSOR;
      case "torch._utils._rebuild_parameter" -> Function.REBUILD_PARAMETER;
      default -> {
        if (module.equals("torch") && StorageType.ofClass(name).isPresent()) {
          yield new StorageClass(StorageType.ofClass(name).get());
        }
        throw refusals.forbidden("type " + shown(full));
      }
    };
  }

  /** A name from a file as a message may show it. */
  private static String shown(String name) {
    String start = name.length() > 80 ? name.substring(0, 80) + "..." : name;
    return start.replaceAll("\\p{Cntrl}", "?");
  }

  private void reduce(List<Pickled> call) {
    if (!(call.get(0) instanceof Function function && call.get(1) instanceof Tuple arguments)) {
      throw refusals.forbidden("a call of what is no function (REDUCE)");
    }
    List<Pickled> given = arguments.items();
    push(
        switch (function) {
          case ORDERED_DICT -> orderedDict(given);
          case REBUILD_TENSOR -> tensor(given);
          case REBUILD_PARAMETER -> parameter(given);
        });
  }

  /** Empty, or of a list of pairs as old versions of Python write it. */
  private Dict orderedDict(List<Pickled> arguments) {
    var dict = new Dict();
    if (arguments.isEmpty()) {
      return dict;
    }
    if (arguments.size() != 1 || !(arguments.getFirst() instanceof Items pairs)) {
      throw refusals.damaged("an OrderedDict is made of what is no list");
    }
    for (Pickled pair : pairs.items) {
      count(); // the same list may be given many times
      switch (pair) {
        case Tuple(List<Pickled> two) when two.size() == 2 && two.get(0) instanceof Text key ->
            dict.entries.put(key.value(), two.get(1));
        case Items two when two.items.size() == 2 && two.items.get(0) instanceof Text key ->
            dict.entries.put(key.value(), two.items.get(1));
        default -> throw refusals.damaged("an OrderedDict is made of what are no pairs");
      }
    }
    return dict;
  }

  /** (storage, offset, shape, strides, requires_grad, hooks[, metadata]). */
  private View tensor(List<Pickled> arguments) {
    if (arguments.size() < 6
        || arguments.size() > 7
        || !(arguments.get(0) instanceof Storage storage)
        || !(arguments.get(1) instanceof Int(long offset))) {
      throw refusals.damaged("a tensor is not made of a storage, an offset, sizes and strides");
    }
    return new View(storage, offset, sizes(arguments.get(2)), sizes(arguments.get(3)));
  }

  private List<Long> sizes(Pickled value) {
    if (!(value instanceof Tuple(List<Pickled> items)) || items.size() > MAX_RANK) {
      throw refusals.damaged("the sizes of a tensor are no tuple of at most " + MAX_RANK);
    }
    var sizes = new ArrayList<Long>();
    for (Pickled item : items) {
      if (!(item instanceof Int(long size)) || size < 0) {
        throw refusals.damaged("a size or stride of a tensor is no number from 0 on");
      }
      count(); // the same tuple may be given many times
      sizes.add(size);
    }
    return Collections.unmodifiableList(sizes);
  }

  /** (tensor, requires_grad, hooks). */
  private View parameter(List<Pickled> arguments) {
    if (arguments.size() != 3 || !(arguments.getFirst() instanceof View view)) {
      throw refusals.damaged("a parameter is not made of a tensor");
    }
    return view;
  }

  /** Attributes of a dictionary (a state dict has its version as one) say nothing about weights. */
  private void build(Pickled attributes) {
    Pickled of = peek();
    if (!(of instanceof Dict && attributes instanceof Dict)) {
      throw refusals.forbidden("attributes of what is no dictionary (BUILD)");
    }
  }

  /** ("storage", class, key, device, elements), and in the old format None. */
  private Storage storage(Pickled id) {
    if (id instanceof Tuple(List<Pickled> parts)
        && (parts.size() == 5 || parts.size() == 6 && parts.get(5) == Constant.NONE)
        && parts.get(0) instanceof Text(String what)
        && what.equals("storage")
        && parts.get(1) instanceof StorageClass(StorageType type)
        && parts.get(2) instanceof Text(String key)
        && parts.get(4) instanceof Int(long elements)
        && elements >= 0) {
      var storage = new Storage(type, key, elements);
      Storage known = storages.putIfAbsent(key, storage);
      if (known == null || known.equals(storage)) {
        return storage;
      }
    }
    throw badStorage();
  }

  private DataException badStorage() {
    return refusals.damaged("a storage is not described as one");
  }
}
