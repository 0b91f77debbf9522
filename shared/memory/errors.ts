import { HoldfastError } from "../errors.ts";

/** An option of the pool is not a usable number; `parameter` is its name. */
export class InvalidPoolOptionError extends HoldfastError {
  readonly parameter: string;

  constructor(parameter: string, value: unknown, expected: string) {
    super(
      "invalid-pool-option",
      `Cannot open a locked pool: ${parameter} is ${String(value)}, not ${expected}`,
    );
    this.parameter = parameter;
  }
}

/** The backing that was asked for does not exist on this kernel. */
export class PoolBackingUnavailableError extends HoldfastError {
  constructor(backing: string, reason: string) {
    super("pool-backing-unavailable", `Cannot open a locked pool on ${backing}: ${reason}`);
  }
}

/** The pool does not fit into RLIMIT_MEMLOCK. Holdfast never falls back to memory that is not locked. */
export class MemoryLockLimitError extends HoldfastError {
  readonly requestedBytes: number;
  readonly limitBytes: number;

  constructor(requestedBytes: number, limitBytes: number) {
    super(
      "memory-lock-limit",
      `Cannot lock ${requestedBytes} bytes of memory: RLIMIT_MEMLOCK is ${limitBytes} bytes for the whole ` +
        "process; raise it with LimitMEMLOCK= in the systemd unit, a memlock line in " +
        "/etc/security/limits.conf, or ulimit -l (in kilobytes)",
    );
    this.requestedBytes = requestedBytes;
    this.limitBytes = limitBytes;
  }
}

/** Every block of the pool is rented. */
export class PoolExhaustedError extends HoldfastError {
  constructor(blockCount: number) {
    super("pool-exhausted", `Cannot rent a secret: all ${blockCount} blocks of the pool are in use`);
  }
}

/** A secret is longer than a block of the pool, or its length is no usable number. */
export class SecretLengthError extends HoldfastError {
  constructor(length: number, blockSize: number) {
    super("secret-length", `Cannot rent a secret: ${length} is not a length from 1 to ${blockSize} bytes`);
  }
}

/** A block was offered to a pool that did not rent it out. */
export class ForeignSecretError extends HoldfastError {
  constructor() {
    super("foreign-secret", "Cannot return a secret: it does not belong to this pool");
  }
}

/** A secret was used, or returned again, after its return. */
export class SecretReturnedError extends HoldfastError {
  constructor(intent: string) {
    super("secret-returned", `Cannot ${intent}: the secret has been returned to its pool`);
  }
}

/** A secret was returned while a read or write on its block is under way. */
export class SecretHeldError extends HoldfastError {
  constructor(intent: string) {
    super("secret-held", `Cannot ${intent}: input or output on the block is under way`);
  }
}

/** The pool has been zeroed and unmapped. */
export class PoolDisposedError extends HoldfastError {
  constructor(intent: string) {
    super("pool-disposed", `Cannot ${intent}: the pool has been disposed`);
  }
}
