import type { RouteOptions } from 'fastify';
import type { Decoder } from '../validation/codec.ts';

/** The OpenAPI 3.1.0 document of these routes, made from the fields that validate their requests. */
export function openApiOf(routes: readonly RouteOptions[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.url.replace(/:(\w+)/g, '{$1}');
    for (const method of [route.method].flat()) {
      // Fastify adds a HEAD route to each GET.
      if (method === 'HEAD') continue;
      paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(route) };
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'mcblock',
      version,
      description: 'The machines of a fleet share the addresses that they block.',
    },
    paths,
    components: { securitySchemes: { basic: { type: 'http', scheme: 'basic' } } },
  };
}

function operationOf({ config, schema = {} }: RouteOptions): object {
  const { summary, answers = {}, params, querystring, body } = schema;
  const access = config?.access ?? 'open';
  const parameters = [...parametersOf('path', params), ...parametersOf('query', querystring)];
  return {
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(isDecoder(body) && {
      requestBody: { required: true, content: { 'application/json': { schema: body.schema } } },
    }),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, description]) => [status, { description }]),
    ),
    ...(access !== 'open' && { security: [{ basic: access === 'local' ? [] : [access] }] }),
  };
}

function parametersOf(location: 'path' | 'query', field: unknown): object[] {
  if (!isDecoder(field) || !('properties' in field.schema)) return [];
  const properties = field.schema.properties as Readonly<Record<string, object>>;
  return Object.entries(properties).map(
    ([name, { description, ...schema }]: [string, Property]) => ({
      name,
      in: location,
      required: location === 'path',
      schema,
      ...(description !== undefined && { description }),
    }),
  );
}

interface Property {
  readonly description?: string;
}

function isDecoder(value: unknown): value is Decoder<unknown> {
  return typeof value === 'object' && value !== null && 'schema' in value && 'read' in value;
}
