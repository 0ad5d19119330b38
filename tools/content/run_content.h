// `dure content` and `dure content load DIR`: what versions of the game's content a running cluster has, and one more.
// Main thread.
#pragma once
#include <string>

#include "tools/config/config.h"

namespace dure {

// `load`: an encoded ContentLoad; empty: only say what there is. Exit code.
int run_content(const Config& config, const std::string& load);

}  // namespace dure
