// For how long a conversation may get nowhere. Pure.
#pragma once
#include <cstdint>

#include "common/base/time.h"

namespace dure {

class Patience {
 public:
  Patience(Duration patience, MonoTime now) : patience_(patience), until_(now + patience) {}
  // `progress` counts what has been heard.
  bool over(std::uint64_t progress, MonoTime now) {
    if (progress != heard_) {
      heard_ = progress;
      until_ = now + patience_;
    }
    return now >= until_;
  }

 private:
  Duration patience_;
  MonoTime until_;
  std::uint64_t heard_ = 0;
};

}  // namespace dure
