// Trains a compiled LeNet for a step and classifies one picture, in a browser's or Node's WebAssembly.
//
//   ./modelc compile examples/lenet.model -o lenet.wasm --target wasm32
//   node examples/embedding/infer.mjs lenet.wasm
//
// It needs nothing but the library: `modelc_metadata` in it says what each slot is.
import { readFile } from "node:fs/promises";

const TYPES = { f32: Float32Array, f64: Float64Array, i32: Int32Array, i64: BigInt64Array, bool: Uint8Array };
const PAGE = 65536;

class Library {
  static async load(bytes) {
    const library = new Library();
    library.code = (await WebAssembly.instantiate(bytes, {})).instance.exports;
    library.end = library.code.__heap_base.value;
    library.tensors = new Map(); // what is kept between calls, by name
    const start = library.code.modelc_metadata.value;
    const memory = new Uint8Array(library.code.memory.buffer);
    const text = memory.subarray(start, memory.indexOf(0, start));
    library.metadata = JSON.parse(new TextDecoder().decode(text));
    return library;
  }

  // The address of zeroed memory, aligned to 64 bytes.
  allocate(bytes) {
    const address = Math.ceil(this.end / 64) * 64;
    this.end = address + bytes;
    const missing = this.end - this.code.memory.buffer.byteLength;
    if (missing > 0) this.code.memory.grow(Math.ceil(missing / PAGE));
    return address;
  }

  tensor(spec, sizes) {
    const size = (dim) => typeof dim === "number" ? dim
      : dim.split("*").reduce((n, part) => n * (sizes[part] ?? Number(part)), 1);
    const count = spec.shape.reduce((n, dim) => n * size(dim), 1);
    if (!this.tensors.has(spec.name)) {
      this.tensors.set(spec.name, { type: spec.type, count, address: this.allocate(count * TYPES[spec.type].BYTES_PER_ELEMENT) });
    }
    return this.tensors.get(spec.name);
  }

  // The values of a tensor, valid until memory grows.
  values(name) {
    const t = this.tensors.get(name);
    return new TYPES[t.type](this.code.memory.buffer, t.address, t.count);
  }

  // Runs an entry; what it gives is then in values(name). Inputs it does not take are left out.
  run(name, inputs, batch = 1) {
    const entry = this.metadata.entries.find((e) => e.name === name);
    const slots = [this.allocate(entry.arena_bytes), this.allocate(128), ...entry.symbols.map(() => batch)];
    for (const a of entry.arguments) slots.push(this.tensor(a, { batch }).address);
    for (const r of entry.results) {
      if (r.replaces === undefined) slots.push(this.tensor(r, { batch }).address);
    }
    const table = this.allocate(8 * slots.length);
    new BigInt64Array(this.code.memory.buffer, table, slots.length).set(slots.map(BigInt));
    for (const [key, given] of Object.entries(inputs)) {
      if (entry.arguments.some((a) => a.name === key)) this.values(key).set(given);
    }
    const status = this.code["modelc_" + name](table, 0, 1); // one thread: WebAssembly has no other here
    if (status !== 0) throw new Error(`${name} failed with status ${status}`);
  }
}

const library = await Library.load(await readFile(process.argv[2]));
library.run("init", { seed: [1, 0] });
const image = Array.from({ length: 32 * 32 }, (_, i) => i >> 5 >= 6 && i >> 5 < 26 && [15, 16].includes(i & 31) ? 1 : 0);
library.run("train", { image, label: [1], seed: [1, 0], step: [1], steps: [10], epoch: [1] });
const loss = library.values("loss")[0];
library.run("infer", { image });
console.log([loss, ...library.values("logits")].join("\n"));
