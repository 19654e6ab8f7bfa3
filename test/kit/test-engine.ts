// The engine of the tests as the runner's own code takes it, for those that start sandboxes themselves.

import { connectEngine, type Engine } from "../../runner/docker.ts";
import { engineSettings } from "./runner-process.ts";

/** A connection under which containers are made for a runner of this id. */
export function testEngine(runnerId: string): Engine {
  const settings = engineSettings();
  return connectEngine({
    socket: settings.CODERUNNER_DOCKER_SOCKET,
    image: settings.CODERUNNER_IMAGE,
    runtime: settings.CODERUNNER_RUNTIME,
    runnerId,
  });
}
