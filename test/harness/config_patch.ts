/** What TOML can hold, as far as our configurations need it. */
export type ConfigValue = string | number | boolean | readonly ConfigValue[] | ConfigTable;

export interface ConfigTable {
  readonly [key: string]: ConfigValue;
}

/** `base` with `patch` laid over it: tables merge key by key, everything else (arrays too) is replaced. */
export function patched(base: ConfigTable, patch: ConfigTable): ConfigTable {
  const merged = Object.entries(patch).map(([key, value]) => {
    const existing = base[key];
    return [key, isTable(existing) && isTable(value) ? patched(existing, value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(merged) };
}

function isTable(value: ConfigValue | undefined): value is ConfigTable {
  return typeof value === "object" && !Array.isArray(value);
}
