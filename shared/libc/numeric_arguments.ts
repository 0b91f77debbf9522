/**
 * The symbols of a foreign library with a number allowed wherever Deno's types ask for a bigint.
 *
 * Deno takes both for `usize` and 64-bit integers at run time, and a number is the quicker one. Numbers are exact
 * here: an address of a Linux process is below 2^47.
 */
export type WithNumericArguments<Symbols> = { [Name in keyof Symbols]: Loosened<Symbols[Name]> };

type Loosened<Call> = Call extends (...args: infer Arguments) => infer Result ? (
    ...args: {
      [Index in keyof Arguments]: bigint extends Arguments[Index] ? number | bigint : Arguments[Index];
    }
  ) => Result
  : Call;
