/**
 * How a page of the desktop app gets its port to the service. The page posts `ASK` to its own window, the preload
 * script passes it on to the main process, which answers with a port; the preload script posts it to the page.
 */
export const ASK = 'matryoshka:connect';
export const ANSWER = 'matryoshka:port';

/**
 * How such a page learns where files lie that a person dropped or chose: it posts `{ type: PATHS, files }` to its own
 * window with a port, on which the preload script answers with the paths, one a file.
 */
export const PATHS = 'matryoshka:paths';

/** The host in the address of the desktop app's pages. A server on this machine never has this name. */
export const APP_HOST = 'studio';
