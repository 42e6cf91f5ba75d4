export declare function bundleTypeScript(contents: string, outfile: string): Promise<void>;
