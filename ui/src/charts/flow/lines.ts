/** One line of a chart. */
export interface Line {
  /** In the legend, at the end of the line and on hover. */
  label: string;
  /** A custom property: `--call`. */
  colour: string;
  values: ArrayLike<number>;
  /** Which axis it is read on. */
  axis?: "left" | "right";
  /** Told from another line without its colour. */
  dashed?: boolean;
  /** A dot at each value. */
  dots?: boolean;
}
