/** Milliseconds that a call may be in a token, with none coming back meanwhile, before it counts as hanging. */
export const usualPatience = 2000;
