// What of Piston's client for Node is used here; the package comes without types.

declare module "piston-client" {
  type Request = {
    language: string;
    version?: string;
    files?: { name?: string; content: string }[];
    stdin?: string;
    args?: string[];
    compileTimeout?: number;
    runTimeout?: number;
  };
  type Client = {
    runtimes(): Promise<object[]>;
    execute(language: string, code: string): Promise<object>;
    execute(request: Request, code?: string): Promise<object>;
  };
  export function piston(options: { server: string }): Client;
}
