/** The SGR colours of labels that can be read on dark and on light terminals alike. ECMA-48, 8.3.117. */
const PALETTE = ["36", "33", "32", "35", "34", "96", "95", "91"] as const;

/** The colour of an entry's labels. It comes from the name alone (FNV-1a), so it stays whatever else is configured. */
export function colourOf(entry: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < entry.length; i++) hash = Math.imul(hash ^ entry.charCodeAt(i), 0x01000193) >>> 0;
  return PALETTE[hash % PALETTE.length] ?? PALETTE[0];
}
