/** The units in which options are given. */

/** Milliseconds as a whole number, or with a unit: `"500ms"`, `"10s"`, `"2m"`, `"1h"`. */
export type Duration = number | `${bigint}${"ms" | "s" | "m" | "h"}`;

/** Bytes as a whole number, or with a unit: `"64K"`, `"512M"`, `"2G"` (K = 1024 bytes). */
export type Size = number | `${bigint}${"K" | "M" | "G"}`;

/** An object that says one of these, and none of the others. */
export type OneOf<Ways> = {
  [Way in keyof Ways]: Pick<Ways, Way> & { [Other in Exclude<keyof Ways, Way>]?: never }
}[keyof Ways];
