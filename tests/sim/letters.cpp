#include "tests/sim/letters.h"

#include <algorithm>

namespace dure::sim {

sample::MailSendRequest Letters::write(const std::string& to, std::uint64_t creq) {
  requests_.ask(creq);
  const std::string& text = sent_[creq] = writer_ + " " + std::to_string(creq);
  sample::MailSendRequest request;
  request.set_creq(creq);
  request.set_to_name(to);
  request.set_text(text);
  auto* amount = request.add_amounts();
  amount->set_name(kAttached);
  amount->set_value(1);
  return request;
}

void Letters::went_back() {
  requests_.went_back();
  heard_.clear();
  here_.clear();
}

void Letters::arrived(const std::string& text) {
  here_.insert(text);
  if (!heard_.insert(text).second)
    mismatches_.push_back({law::kLettersArriveOnce, writer_ + " was told twice of the letter '" + text + "'"});
}

void Letters::listed(const sample::MailListReply& list) {
  std::set<std::string> texts;
  for (const auto& letter : list.letters())
    if (!texts.insert(letter.text()).second)
      mismatches_.push_back({law::kLettersArriveOnce, writer_ + " has the letter '" + letter.text() + "' twice"});
  here_.insert(texts.begin(), texts.end());
}

bool Letters::has_all_of(const Letters& writer) const {
  return std::all_of(writer.sent_.begin(), writer.sent_.end(), [&](const auto& one) {
    return !writer.requests_.is_saved(one.first) || here_.contains(one.second);
  });
}

}  // namespace dure::sim
