// Run once while warming up, so that loading and running ES modules is nothing new either.
import { sep } from "node:path";

export const warm = sep;
