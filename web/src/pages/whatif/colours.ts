/** One colour token an option, in order. */
export const COLOURS = ["--c1", "--c2", "--c3", "--c4"] as const;
