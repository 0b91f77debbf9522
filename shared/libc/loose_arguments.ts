/**
 * The symbols of a foreign library with the arguments Deno takes at run time instead of the narrower ones it types.
 *
 * Where Deno asks for a bigint (`usize`, 64-bit integers) a number does too, and is the quicker one; numbers are exact
 * here, since an address of a Linux process is below 2^47. Where it asks for a `BufferSource` any view does.
 */
export type WithLooseArguments<Symbols> = { [Name in keyof Symbols]: LooseCall<Symbols[Name]> };

type LooseCall<Call> = Call extends (...args: infer Arguments) => infer Result
  ? (...args: { [Index in keyof Arguments]: LooseArgument<Arguments[Index]> }) => Result
  : Call;

type LooseArgument<Argument> = bigint extends Argument ? number | bigint
  : BufferSource extends Argument ? ArrayBufferView | null
  : Argument;
