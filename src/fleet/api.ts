import type { IncomingMessage, ServerResponse } from 'node:http';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifySchemaCompiler,
  FastifyTypeProvider,
  RawServerDefault,
} from 'fastify';
import { McblockError } from '../errors.ts';
import type { Decoder } from '../validation/codec.ts';
import type { Scope, User } from './user.ts';

/** Who may use a route: everybody, this host and users with the scope read, or users with a scope. */
export type Access = 'open' | 'local' | Scope;

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent the request, on a route that asks for a user. */
    user: User | undefined;
    /** The user's name that came with a wrong password. */
    failedName: string | undefined;
  }
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifySchema {
    /** For the OpenAPI document. */
    summary?: string;
    /** What each status means, for the OpenAPI document. */
    answers?: Readonly<Record<number, string>>;
  }
}

/** Types body, query and parameters by the decoders that a route's schema declares for them. */
interface DecoderTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends Decoder<infer T> ? T : unknown;
}

/** A Fastify instance whose routes declare decoders for their requests. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  DecoderTypes
>;

/** Validates by a decoder. Handlers get the value that it reads: an address, not its text. */
export const compileDecoder: FastifySchemaCompiler<Decoder<unknown>> = ({ schema }) => {
  return (data) => {
    try {
      return { value: schema.read(data, '') };
    } catch (error) {
      if (error instanceof McblockError) return { error };
      throw error;
    }
  };
};
