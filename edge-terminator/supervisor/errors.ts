import { HoldfastError } from "../../shared/errors.ts";

/** A worker that ended, or stayed silent, before it accepted connections. Code `worker-start-failed`, or the worker's own. */
export class WorkerStartError extends HoldfastError {
  constructor(slot: number, reason: string, code = "worker-start-failed") {
    super(code, `Cannot start worker ${slot}: ${reason}`);
  }
}

/** Workers were not started because the edge was told to stop meanwhile. Code `edge-stopping`. */
export class StoppingError extends HoldfastError {
  constructor(options?: ErrorOptions) {
    super("edge-stopping", "Cannot start the workers: the edge is to stop", options);
  }
}

/** A reload that names another folder for what key servers push. Code `control-folder`. */
export class ControlFolderError extends HoldfastError {
  constructor(state: string) {
    super("control-folder", `Cannot reload: [control] state stays ${state} until the edge is started again`);
  }
}
