/**
 * Stands in the bundle for what fastify brings along and an app like ours never calls; `.ci/dist` says
 * for what. Whoever calls it after all is told so at once.
 */
function refuse(): never {
  throw new Error("a part of fastify is used that the bundle does not have: see .ci/dist");
}

const absent = new Proxy(refuse, { get: refuse });

// What `require` gives.
export { absent as "module.exports" };
