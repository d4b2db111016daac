/** The same keys with a text each: what another language must give for an area written in English. */
export type Texts<T> = { readonly [K in keyof T]: T[K] extends string ? string : Texts<T[K]> };
