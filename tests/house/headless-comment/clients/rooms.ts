// Whose rooms these are.

/** Who is here. */
export const here = 1;
