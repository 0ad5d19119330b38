// One way of a rogue to do mischief. Decides what to ask; whether it is time to, its rogue decides. One thread.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "tests/sim/broken.h"
#include "tests/sim/rogue/known.h"
#include "tests/sim/rogue/tap.h"

namespace dure::proto {
class StoreBatch;
}

namespace dure::sim {

class Persona {
 public:
  virtual ~Persona() = default;
  // Something for this queue that is wrong at any time, or that leads to what is; nullopt: nothing was heard yet that
  // it could be made of.
  virtual std::optional<Step> next(const std::string& queue, const Known& known, Rng& rng) = 0;
  // Something that is wrong only right before this batch, or right behind it.
  virtual std::vector<Step> ahead(const std::string&, const proto::StoreBatch&, const Known&, Rng&) { return {}; }
  virtual std::vector<Step> behind(const std::string&, const std::vector<Exchange>&, const Known&, Rng&) { return {}; }
  // Right behind a step of its own that was asked alone; not `heard`: it may or may not have been done.
  virtual std::optional<Step> then(const std::string& /*queue*/, bool /*heard*/) { return std::nullopt; }
  // What it found wrong by itself, and which of its rules held as often.
  virtual const Verdict& broken() const {
    static const Verdict none;
    return none;
  }
  virtual std::map<std::string, std::uint64_t> held() const { return {}; }
  // Of a step of its own; never of one that may or may not have been done (a store that was busy or failed).
  virtual void answered(const std::string& /*queue*/, const Step&, const std::string& /*answer*/) {}
};

}  // namespace dure::sim
