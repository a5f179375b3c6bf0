/** The version of this package and of its API, as package.json has it; a constant, so that a bundle needs no file beside it. */
export const version = '0.1.0';
