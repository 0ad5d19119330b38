#include "tools/bots/line_order.h"

#include <algorithm>

namespace dure {

namespace {

constexpr Duration kLateLine = seconds(2);
constexpr std::uint64_t kSkippedMost = 64;

}  // namespace

void LineOrder::accepted(const std::string& text, MonoTime deadline) {
  for (Said& said : said_)
    if (said.text == text && !said.on_the_way) said.deadline = deadline;
}

void LineOrder::refused(const std::string& text) {
  std::erase_if(said_, [&](const Said& said) { return said.text == text; });
}

std::vector<Difference> LineOrder::seen(const std::string& text, bool own, std::uint64_t home, std::uint64_t number,
                                        MonoTime now) {
  std::vector<Difference> out;
  bool late = false;
  if (last_ == 0 || home != home_) {
    home_ = home;
    last_ = number;
    missing_.clear();
  } else if (number > last_) {
    const std::uint64_t from = std::max(last_ + 1, number > kSkippedMost ? number - kSkippedMost : 0);
    for (std::uint64_t skipped = from; skipped < number; ++skipped) missing_[skipped] = now + kLateLine;
    last_ = number;
  } else {
    late = missing_.erase(number) != 0;
    out.push_back({late ? "chat line out of order" : "chat line repeated", "a number above " + std::to_string(last_),
                   std::to_string(number)});
  }
  if (!own) return out;
  const auto found = std::find_if(said_.begin(), said_.end(), [&](const Said& said) { return said.text == text; });
  if (found == said_.end()) {
    if (out.empty()) out.push_back({"own chat line", "one that was sent and not seen yet", text});
    return out;
  }
  const auto older = std::find_if(said_.begin(), found, [](const Said& said) { return !said.on_the_way; });
  // An own line before an older one: already told when the numbers were out of order, too.
  if (older != found && !late && missing_.empty()) out.push_back({"order of own chat lines", older->text, text});
  said_.erase(found);
  return out;
}

std::vector<Difference> LineOrder::overdue(MonoTime now) {
  std::vector<Difference> out;
  for (auto at = missing_.begin(); at != missing_.end();) {
    if (at->second > now) {
      ++at;
      continue;
    }
    out.push_back({"chat line lost", "number " + std::to_string(at->first), "later ones only"});
    at = missing_.erase(at);
  }
  std::erase_if(said_, [&](const Said& said) {
    if (said.deadline > now) return false;
    out.push_back({"own chat line lost", said.text, "not seen in time"});
    return true;
  });
  return out;
}

void LineOrder::moved() {
  last_ = 0;
  missing_.clear();
  // What is older than one move will not come any more.
  std::erase_if(said_, [](const Said& said) { return said.on_the_way; });
  for (Said& said : said_) said = {std::move(said.text), MonoTime::max(), true};
}

void LineOrder::reset() {
  moved();
  said_.clear();
}

}  // namespace dure
