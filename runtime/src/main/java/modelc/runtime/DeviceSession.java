package modelc.runtime;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A session's memory on a device, where its variables stay from call to call. The host's copies of
 * them are brought up to date when they are asked for, and sent back before the next call, for they
 * may have been changed.
 */
final class DeviceSession implements AutoCloseable {
  private final Device device;
  private final DeviceProgram program;
  private final DevicePlan plan;
  private final Map<String, MemorySegment> host;
  private final Device.Memory memory;
  private final Map<Long, Device.Staging> staged = new ConcurrentHashMap<>();

  /** Which copy of the variables is out of date; at first neither holds anything of worth. */
  private boolean hostIsOld;

  private boolean deviceIsOld = true;

  /**
   * @param host the variables in host memory, by name
   * @throws LimitException if the device has too little memory
   */
  DeviceSession(
      ModelSpec spec, DeviceProgram program, Device device, Map<String, MemorySegment> host) {
    this.device = device;
    this.program = program;
    this.host = host;
    plan = DevicePlan.of(spec, program);
    memory = device.allocate("a session of " + spec.name() + ": " + plan.figures(), plan.bytes());
  }

  Device device() {
    return device;
  }

  Device.Memory memory() {
    return memory;
  }

  DevicePlan plan() {
    return plan;
  }

  DeviceProgram program() {
    return program;
  }

  /** Brings the host's variables up to date. Whoever asked may change them. */
  void pull() {
    synchronized (device) {
      if (hostIsOld) {
        plan.variables().forEach((name, at) -> memory.read(at, variable(name)));
        device.finish();
        hostIsOld = false;
      }
      deviceIsOld = true;
    }
  }

  /** Brings the device's variables up to date. */
  void push() {
    if (deviceIsOld) {
      plan.variables().forEach((name, at) -> memory.write(at, variable(name)));
      deviceIsOld = false;
    }
  }

  /** An entry has changed the device's variables. */
  void changed() {
    hostIsOld = true;
  }

  private MemorySegment variable(String name) {
    return java.util.Objects.requireNonNull(host.get(name));
  }

  /** Memory for batches, which is sent to the device ahead of the call that uses it. */
  BatchMemory batchMemory(long bytes) {
    Device.Staging staging;
    synchronized (device) {
      staging = device.staging(bytes);
    }
    long address = staging.segment().address();
    staged.put(address, staging);
    return new BatchMemory() {
      @Override
      public MemorySegment segment() {
        return staging.segment();
      }

      @Override
      public void filled(long count) {
        staging.send(count);
      }

      @Override
      public void close() {
        staged.remove(address);
        staging.close();
      }
    };
  }

  /** What was sent ahead from that memory, if anything was. */
  Device.@Nullable Staging staged(MemorySegment from) {
    return staged.get(from.address());
  }

  @Override
  public void close() {
    memory.close();
  }
}
