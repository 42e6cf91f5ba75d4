import type { Route } from './route.ts';

/** The document of these routes (OpenAPI 3.1.0). */
export function openApiOf(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'mcblock',
      version,
      description: 'Machines of a fleet tell each other whom they block.',
    },
    paths,
    components: { securitySchemes: { basic: { type: 'http', scheme: 'basic' } } },
  };
}

function operationOf({ path, access, summary, query = {}, body, answers }: Route): object {
  const parameters = [
    ...Array.from(path.matchAll(/:(\w+)/g), ([, name]) => parameterOf('path', name ?? '')),
    ...Object.entries(query).map(([name, text]) => parameterOf('query', name, text)),
  ];
  return {
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: body } } },
    }),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, description]) => [status, { description }]),
    ),
    ...(access !== 'open' && { security: [{ basic: access === 'local' ? [] : [access] }] }),
  };
}

function parameterOf(place: 'path' | 'query', name: string, description?: string): object {
  const schema = { type: 'string' };
  return {
    name,
    in: place,
    required: place === 'path',
    schema,
    ...(description && { description }),
  };
}
