// Put in place by the build, from package.json.

declare const CODERUNNER_VERSION: string;
