// Loaded by node before the judge. For each request prism makes its schema objects anew, so that neither its own cache nor ajv's
// knows them again, and compiling them takes ten times as long as judging with them. Here a schema is known by what it says.
// One that ajv cannot compile, prism passes over in silence: here that is said, and `GitHubServer.violations` tells it.
'use strict'

const path = require('node:path')
const { default: Ajv } = require(require.resolve('ajv/dist/core', { paths: [path.dirname(process.argv[1])] }))

const compile = Ajv.prototype.compile
const known = new WeakMap() // of each ajv, of each bundle that schemas refer to: what became of a schema, by its text
const none = {}

function of(map, key, make) {
  if (!map.has(key)) map.set(key, make())
  return map.get(key)
}

function became(make) {
  try {
    const compiled = make()
    return () => compiled
  } catch (problem) {
    console.error(`cannot judge: ${problem.message}`)
    return () => { throw problem }
  }
}

Ajv.prototype.compile = function (schema, ...more) {
  if (more.length || !schema || !('__bundled__' in schema)) return compile.call(this, schema, ...more)
  const { __bundled__: bundle, ...said } = schema
  const schemas = of(of(known, this, () => new WeakMap()), bundle ?? none, () => new Map())
  return of(schemas, JSON.stringify(said), () => became(() => compile.call(this, schema)))()
}
