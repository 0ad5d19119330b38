#include "tests/sim/letters.h"

#include <algorithm>

namespace dure::sim {

sample::MailSendRequest Letters::write(const std::string& to, std::uint64_t creq) {
  Letter& letter = sent_[open_ = creq];
  letter.text = writer_ + " " + std::to_string(creq);
  sample::MailSendRequest request;
  request.set_creq(creq);
  request.set_to_name(to);
  request.set_text(letter.text);
  auto* amount = request.add_amounts();
  amount->set_name(kAttached);
  amount->set_value(1);
  return request;
}

void Letters::answered(const sample::MailSendReply& answer, std::uint64_t epoch) {
  if (answer.creq() == open_) open_ = 0;
  const auto at = sent_.find(answer.creq());
  if (at == sent_.end() || at->second.fate != RequestFate::kSent) return;
  at->second.fate = answer.code() == proto::OK ? RequestFate::kApplied : RequestFate::kRefused;
  at->second.epoch = epoch;
}

void Letters::saved(std::uint64_t creq, std::uint64_t epoch) {
  for (auto& [number, letter] : sent_)
    if (number <= creq && letter.fate == RequestFate::kApplied && letter.epoch == epoch)
      letter.fate = RequestFate::kSaved;
}

void Letters::went_back() {
  for (auto& [creq, letter] : sent_)
    if (letter.fate != RequestFate::kRefused) letter.fate = RequestFate::kSent;
  open_ = 0;
  heard_.clear();
  here_.clear();
}

int Letters::saved() const {
  return static_cast<int>(std::count_if(sent_.begin(), sent_.end(),
                                        [](const auto& one) { return one.second.fate == RequestFate::kSaved; }));
}

int Letters::unknown() const {
  return static_cast<int>(std::count_if(sent_.begin(), sent_.end(), [](const auto& one) {
    return one.second.fate == RequestFate::kSent || one.second.fate == RequestFate::kApplied;
  }));
}

bool Letters::all_saved(std::uint64_t epoch) const {
  return std::none_of(sent_.begin(), sent_.end(), [epoch](const auto& one) {
    return one.second.fate == RequestFate::kApplied && one.second.epoch == epoch;
  });
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
  return std::all_of(writer.sent_.begin(), writer.sent_.end(), [this](const auto& one) {
    return one.second.fate != RequestFate::kSaved || here_.contains(one.second.text);
  });
}

}  // namespace dure::sim
