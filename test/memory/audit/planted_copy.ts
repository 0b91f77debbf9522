import { environmentOf } from "../../harness/proc/inspect.ts";
import { formsOf } from "./forms.ts";
import type { NamedSecret } from "./named_secret.ts";

/** A variable in a process's environment, long enough to hold every form of a secret. */
export const plantingGround = { HOLDFAST_AUDIT_PLANT: "x".repeat(4096) };

const [name] = Object.keys(plantingGround) as [string];

/**
 * Writes every form of a secret into the ordinary memory of a live process: into a variable of its environment, which
 * nobody reads. A search that does not find them all sees nothing. Disposing it takes them away again.
 */
export class PlantedCopy implements AsyncDisposable {
  /** The forms that it planted. */
  readonly forms: readonly string[];
  readonly #pid: number;
  readonly #address: number;

  private constructor(pid: number, address: number, forms: readonly string[]) {
    this.#pid = pid;
    this.#address = address;
    this.forms = forms;
  }

  static async plant(pid: number, secret: NamedSecret): Promise<PlantedCopy> {
    const address = await addressOfVariable(pid);
    const forms = formsOf(secret);
    let offset = 0;
    for (const bytes of forms.values()) {
      await write(pid, address + offset, bytes);
      offset += bytes.length;
    }
    if (offset > plantingGround.HOLDFAST_AUDIT_PLANT.length) throw new Error("Cannot plant: too many forms");
    return new PlantedCopy(pid, address, [...forms.keys()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await write(this.#pid, this.#address, new TextEncoder().encode(plantingGround.HOLDFAST_AUDIT_PLANT));
  }
}

/** Where the variable's value stands: the kernel tells where the environment begins (proc_pid_stat(5), env_start). */
async function addressOfVariable(pid: number): Promise<number> {
  if (!(name in await environmentOf(pid))) throw new Error(`Cannot plant: process ${pid} has no ${name}`);
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const start = Number(fields[50 - 3]);
  const text = new TextDecoder("latin1").decode(await Deno.readFile(`/proc/${pid}/environ`));
  const entry = `${name}=`;
  const at = text.startsWith(entry) ? 0 : text.indexOf(`\0${entry}`) + 1;
  return start + at + entry.length;
}

async function write(pid: number, address: number, bytes: Uint8Array): Promise<void> {
  using memory = await Deno.open(`/proc/${pid}/mem`, { write: true });
  await memory.seek(address, Deno.SeekMode.Start);
  await memory.write(bytes);
}
