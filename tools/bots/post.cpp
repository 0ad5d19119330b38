#include "tools/bots/post.h"

#include <chrono>
#include <cstdlib>

namespace dure {

namespace {

// Amounts that are 0 are no amounts; items are told by their ids alone.
bool same(const Change& a, const Change& b) {
  if (a.balances != b.balances || a.added.size() != b.added.size()) return false;
  for (const auto& [id, item] : a.added)
    if (b.added.count(id) == 0) return false;
  return true;
}

}  // namespace

std::string Post::write(Letter letter, std::uint64_t* number) {
  if (run_.empty()) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    run_ = std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  }
  *number = ++last_;
  const std::string text = "letter " + run_ + " " + std::to_string(last_) + " from " + letter.from;
  letters_[last_] = std::move(letter);
  return text;
}

Post::Letter* Post::find(const std::string& text) {
  const std::string beginning = "letter " + run_ + " ";
  if (run_.empty() || text.rfind(beginning, 0) != 0) return nullptr;
  const auto at = letters_.find(std::strtoull(text.c_str() + beginning.size(), nullptr, 10));
  return at == letters_.end() ? nullptr : &at->second;
}

void Post::saved(std::uint64_t number, MonoTime now) {
  const auto at = letters_.find(number);
  if (at == letters_.end() || at->second.saved) return;
  at->second.saved = true;
  at->second.saved_at = now;
}

std::string Post::heard(const std::string& by, const std::string& text, const Change& attached, bool* known) {
  Letter* letter = find(text);
  if (letter == nullptr) return {};
  if (letter->to != by) return "told to " + by + ", not to " + letter->to;
  if (letter->heard) return "told twice";
  letter->heard = true;
  *known = letter->read;
  return same(letter->attached, attached) ? std::string() : "other attachments";
}

std::string Post::read(const std::string& by, const std::string& text, std::optional<Change>* unheard) {
  Letter* letter = find(text);
  if (letter == nullptr) return {};
  if (letter->to != by) return "in the mailbox of " + by + ", not of " + letter->to;
  if (!letter->heard && !letter->read) *unheard = letter->attached;
  letter->read = true;
  return {};
}

std::vector<std::string> Post::missing(const std::string& to, MonoTime saved_before) const {
  std::vector<std::string> all;
  for (const auto& [number, letter] : letters_)
    if (letter.to == to && letter.saved && letter.saved_at < saved_before && !letter.heard && !letter.read)
      all.push_back("letter " + std::to_string(number) + " from " + letter.from);
  return all;
}

}  // namespace dure
