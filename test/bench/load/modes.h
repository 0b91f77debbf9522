// What the program can be.
#pragma once
#include "options.h"

void runBackend(const Options& options);
void runHandshakes(const Options& options);
void runBulk(const Options& options);
void runIdle(const Options& options);
void runPaced(const Options& options);
void runRoundTrips(const Options& options);
void runDelay(const Options& options);
