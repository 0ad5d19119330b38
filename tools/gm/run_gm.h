// `dure gm …`: signs a command, publishes it, repeats the same id until answered, prints one line a node. Main thread.
#pragma once
#include <string>
#include <vector>

#include "common/base/time.h"

namespace dure {

struct GmOptions {
  std::string redis;  // "127.0.0.1:6379" or "unix:/path"
  std::string prefix = "dure:";
  std::string key_file;
  std::string key_name;      // as the config's gm.public_keys name it
  bool development = false;  // the key may be readable by others
  std::string cluster_id = "dure";
  Duration patience = seconds(5);
};

// kUnanswered: Redis has taken it, and it may be done yet. kUnsent: Redis has not.
enum class GmOutcome { kDone, kRefused, kUnanswered, kUnsent, kWrong };

// kDone: every node that answered did it. kRefused: one answered that it failed.
GmOutcome order_gm(const GmOptions& options, const std::vector<std::string>& words);
// 0: done. 1: refused, unanswered or unsent. 2: the words are wrong.
int run_gm(const GmOptions& options, const std::vector<std::string>& words);

}  // namespace dure
