// Every letter that the bots of one process have sent, from its request to its being read, so that each is seen to
// arrive once, whole, at the right one, and none is lost. One thread.
//
//   asked ──► refused                      heard: MailArrived came; at most once
//     └────► on its way ──► saved          read: found among the letters one has; it may not have been heard
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "tools/bots/own_model.h"

namespace dure {

class Post {
 public:
  struct Letter {
    std::string from, to;  // characters
    Change attached;       // as the receiver gets it
    MonoTime saved_at{};
    bool saved = false, heard = false, read = false;
  };

  // Its text; no other process's letters have it.
  std::string write(Letter letter, std::uint64_t* number);
  void refused(std::uint64_t number) { letters_.erase(number); }
  void saved(std::uint64_t number, MonoTime now);
  // What is wrong with it; empty: nothing, or it is none of ours. `known`: it was read before.
  std::string heard(const std::string& by, const std::string& text, const Change& attached, bool* known);
  // The same for one that `by` found among its letters; `unheard`: what came with it, if it was never heard.
  std::string read(const std::string& by, const std::string& text, std::optional<Change>* unheard);
  // Letters to a character that should have come by now and have not.
  std::vector<std::string> missing(const std::string& to, MonoTime saved_before) const;

 private:
  Letter* find(const std::string& text);
  std::string run_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Letter> letters_;
};

}  // namespace dure
