// What came to a bot without its asking, against what it was told about that: a letter's attachment, an auction's
// proceeds. Each gain is announced once, shortly before or after it is seen; when all is quiet nothing may be left.
// Plain values.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tools/bots/own_model.h"

namespace dure {

class Gains {
 public:
  // Before this nothing counts: what came with the first login was never seen coming.
  void start() { started_ = true; }
  bool started() const { return started_; }
  // Frames may have been lost: no judgement any more.
  void give_up() { given_up_ = true; }
  void came(const Change& gained) { count(gained, 1); }
  void announced(const Change& told) { count(told, -1); }
  std::vector<Difference> left() const {
    std::vector<Difference> all;
    if (!started_ || given_up_) return all;
    for (const auto& [name, value] : balances_)
      if (value != 0) all.push_back({"unannounced " + name, "0", std::to_string(value)});
    for (const auto& [id, seen] : items_)
      if (seen != 0) all.push_back({"unannounced item " + to_text(id), "0", std::to_string(seen)});
    return all;
  }

 private:
  void count(const Change& change, int sign) {
    if (!started_) return;
    for (const auto& [name, value] : change.balances) balances_[name] += sign * value;
    for (const auto& [id, item] : change.added) items_[id] += sign;
  }
  bool started_ = false, given_up_ = false;
  std::map<std::string, std::int64_t> balances_;
  std::map<ItemId, int> items_;
};

}  // namespace dure
