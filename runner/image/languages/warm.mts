// Run once while warming up, so that TypeScript in ES modules is nothing new either.
import { sep } from "node:path";

export const warm: string = sep;
