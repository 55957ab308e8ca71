import { SentryError } from "../errors.ts";

/** Something wrong in a configuration, and where. The place is put into the message by who knows the source map. */
export class Complaint extends SentryError {
  readonly place: { readonly stack?: string } | null;
  /** What may have been meant; comes after the place. */
  readonly hint: string;

  constructor(message: string, place: { readonly stack?: string } | null = null, hint = "") {
    super("E_CONFIG_INVALID", message);
    this.place = place;
    this.hint = hint;
  }
}
