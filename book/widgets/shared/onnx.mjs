// Run a network with convolutions by ONNX Runtime Web: WebAssembly, one thread, nothing from outside.

import { agrees, fetched, FileError } from "./networks.mjs";

const MODULE = "ort/ort.wasm.bundle.min.mjs";
const PROGRAM = "ort/ort-wasm-simd-threaded.wasm.gz";

/** Undo gzip, where the browser has not done so because the server has said what it is. */
async function unpacked(blob) {
  const first = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  if (first[0] !== 0x1f || first[1] !== 0x8b) return blob.arrayBuffer();
  const stream = blob.stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer().catch(() => {
    throw new FileError("the file of the runtime is damaged");
  });
}

/** A network from one input (n, …) to one output (n, …), as `latents.onnx_files` writes it. */
export class OnnxNetwork {
  /** Fetch runtime and network; `arrived` is told of every piece, in bytes. */
  static async read(files, name, sha256, arrived) {
    const [code, program, bytes] = await Promise.all([
      fetched(files, MODULE, "text", arrived),
      fetched(files, PROGRAM, "blob", arrived).then(unpacked),
      fetched(files, name, "arrayBuffer", arrived),
    ]);
    if (!(await agrees(bytes, sha256))) throw new FileError(`${name} is damaged`);
    // A module of its own each time: one that has failed to start would refuse a second try.
    const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    try {
      const { env, InferenceSession, Tensor } = await import(address);
      Object.assign(env.wasm, { numThreads: 1, wasmBinary: program });
      const session = await InferenceSession.create(bytes, { executionProviders: ["wasm"] });
      return new OnnxNetwork(session, Tensor);
    } catch (error) {
      console.warn(error);
      throw new FileError("this browser could not start ONNX Runtime");
    } finally {
      URL.revokeObjectURL(address);
    }
  }

  constructor(session, Tensor) {
    Object.assign(this, { session, Tensor, last: Promise.resolve() });
  }

  /** Apply the network to rows in one flat Float32Array; calls wait for each other. */
  apply(rows, width) {
    const run = async () => {
      const input = new this.Tensor("float32", rows, [rows.length / width, width]);
      const { output } = await this.session.run({ input });
      return output.data;
    };
    this.last = this.last.then(run, run);
    return this.last;
  }

  /** Give the memory of the runtime back. */
  release() {
    return this.last.finally(() => this.session.release());
  }
}
