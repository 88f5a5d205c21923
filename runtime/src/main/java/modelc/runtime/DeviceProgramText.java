package modelc.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The JSON form of a {@link DeviceProgram}, as libraries carry it. */
final class DeviceProgramText {
  private DeviceProgramText() {}

  static String of(DeviceProgram p) {
    return "{\"modules\": "
        + SpecText.list(
            p.modules(),
            m -> "\n{\"capability\": " + m.capability() + ", \"ptx\": " + Json.quote(m.ptx()) + "}")
        + ",\n\"entries\": "
        + SpecText.list(p.entries(), DeviceProgramText::entry)
        + p.sm90a().map(x -> ",\n\"sm_90a\": " + of(x)).orElse("")
        + "}";
  }

  private static String entry(DeviceProgram.Entry e) {
    return "\n{\"name\": "
        + Json.quote(e.name())
        + ", \"arena_bytes\": "
        + e.arenaBytes()
        + ", \"launches\": "
        + SpecText.list(e.launches(), DeviceProgramText::launch)
        + "}";
  }

  private static String launch(DeviceProgram.Launch l) {
    return "\n{\"kernel\": "
        + Json.quote(l.kernel())
        + ", \"grid\": "
        + SpecText.list(
            l.grid(), b -> "[" + Json.quote(b.items().toString()) + ", " + b.perBlock() + "]")
        + ", \"block\": ["
        + l.threadsX()
        + ", "
        + l.threadsY()
        + "], \"shared_bytes\": "
        + l.sharedBytes()
        + ", \"buffers\": "
        + SpecText.list(l.buffers(), DeviceProgramText::place)
        + ", \"sizes\": "
        + SpecText.list(l.sizes(), Json::quote)
        + "}";
  }

  private static String place(DeviceProgram.Place p) {
    return switch (p) {
      case DeviceProgram.Place.Argument a -> "[" + a.index() + "]";
      case DeviceProgram.Place.Arena a ->
          "[" + a.from() + ", " + Json.quote(a.bytes().toString()) + "]";
    };
  }

  static DeviceProgram read(Map<?, ?> o) throws SpecText.Unexpected {
    var modules = new ArrayList<DeviceProgram.Module>();
    for (Object m : SpecText.array(o, "modules")) {
      Map<?, ?> module = SpecText.object(m);
      int capability = (int) SpecText.integer(module, "capability");
      modules.add(new DeviceProgram.Module(capability, SpecText.string(module, "ptx")));
    }
    var entries = new ArrayList<DeviceProgram.Entry>();
    for (Object e : SpecText.array(o, "entries")) {
      Map<?, ?> entry = SpecText.object(e);
      var launches = new ArrayList<DeviceProgram.Launch>();
      for (Object l : SpecText.array(entry, "launches")) {
        launches.add(readLaunch(SpecText.object(l)));
      }
      long arena = SpecText.integer(entry, "arena_bytes");
      entries.add(new DeviceProgram.Entry(SpecText.string(entry, "name"), arena, launches));
    }
    Optional<DeviceProgram> sm90a =
        o.containsKey("sm_90a")
            ? Optional.of(read(SpecText.object(o.get("sm_90a"))))
            : Optional.empty();
    return new DeviceProgram(modules, entries, sm90a);
  }

  private static DeviceProgram.Launch readLaunch(Map<?, ?> l) throws SpecText.Unexpected {
    var grid = new ArrayList<DeviceProgram.Blocks>();
    for (Object b : SpecText.array(l, "grid")) {
      List<?> blocks = list(b, 2);
      grid.add(
          new DeviceProgram.Blocks(
              SpecText.product(SpecText.text(blocks.get(0))), number(blocks.get(1))));
    }
    if (grid.size() != 3) {
      throw new SpecText.Unexpected("a grid has " + grid.size() + " axes");
    }
    List<?> block = list(SpecText.array(l, "block"), 2);
    var buffers = new ArrayList<DeviceProgram.Place>();
    for (Object b : SpecText.array(l, "buffers")) {
      buffers.add(readPlace(b));
    }
    var sizes = new ArrayList<String>();
    for (Object s : SpecText.array(l, "sizes")) {
      sizes.add(SpecText.text(s));
    }
    return new DeviceProgram.Launch(
        SpecText.string(l, "kernel"),
        grid,
        (int) number(block.get(0)),
        (int) number(block.get(1)),
        SpecText.integer(l, "shared_bytes"),
        buffers,
        sizes);
  }

  private static DeviceProgram.Place readPlace(Object value) throws SpecText.Unexpected {
    if (value instanceof List<?> l && l.size() == 1) {
      return new DeviceProgram.Place.Argument((int) number(l.get(0)));
    }
    List<?> arena = list(value, 2);
    return new DeviceProgram.Place.Arena(
        number(arena.get(0)), SpecText.product(SpecText.text(arena.get(1))));
  }

  private static List<?> list(Object value, int size) throws SpecText.Unexpected {
    if (value instanceof List<?> l && l.size() == size) {
      return l;
    }
    throw new SpecText.Unexpected("a list of " + size + " was expected, not " + value);
  }

  private static long number(Object value) throws SpecText.Unexpected {
    if (value instanceof Long n && n >= 0) {
      return n;
    }
    throw new SpecText.Unexpected("a whole number was expected, not " + value);
  }
}
