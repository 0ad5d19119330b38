// A rogue that plays two characters and an aggregate without an owner, of an account of its own, and nobody else's: it
// makes them, acquires them, does what is lawful, and so knows what each next reading must say; and it asks for all
// that an owner must be refused (owner_trick.h, hoard_tricks.h). What was not answered may have been done or not: it is
// read before anything else is asked. It also moves them from shard to shard. One thread.
#pragma once
#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/rogue/hoard_tricks.h"
#include "tests/sim/rogue/own_character.h"
#include "tests/sim/rogue/own_hoard.h"
#include "tests/sim/rogue/owner_trick.h"
#include "tests/sim/rogue/persona.h"

namespace dure::sim {

class RogueOwner : public Persona {
 public:
  RogueOwner();
  std::optional<Step> next(const std::string& queue, const Known& known, Rng& rng) override;
  std::vector<Step> ahead(const std::string& queue, const proto::StoreBatch& batch, const Known& known,
                          Rng& rng) override;
  std::vector<Step> behind(const std::string& queue, const std::vector<Exchange>& batch, const Known& known,
                           Rng& rng) override;
  void answered(const std::string& queue, const Step& step, const std::string& answer) override;
  static std::vector<std::string> rules();

 private:
  // One of a queue at a time.
  struct Asked {
    std::function<void(const std::string& answer)> heard;
    std::function<void()> unheard;  // it may have been done
  };
  // Of each of its three: from a name to a row that the directory knows of.
  struct Birth {
    enum class Stage { kReserve, kCreate, kClaim, kDone } stage = Stage::kReserve;
    std::uint64_t reservation = 0;
    int tries = 0;
  };
  static constexpr std::size_t kHoard = 2;

  // Something that it has the numbers for, at the shard where its own are.
  std::optional<Step> act(const std::string& queue, Rng& rng);
  std::optional<Step> read_something(const std::string& queue, std::size_t which, Rng& rng);
  // Whatever may be answered; nothing is known of what it says.
  static Step step_of(const char* rule, Question question, std::set<int> allowed);
  Step asked(const std::string& queue, Step step, Asked asked);
  bool waits(const std::string& queue) const { return asked_.contains(queue); }
  void listen(const Exchange& exchange);
  void arrive(std::uint64_t player_id, std::uint64_t message_id);
  bool is_own(std::uint64_t player_id) const;
  std::uint64_t id_of(std::size_t which) const;
  Scene scene(std::size_t self, std::uint32_t shard);
  std::vector<std::uint64_t> whose() const;
  bool at_home(const std::string& queue) const;

  // ── births (rogue_owner_births.cpp) ──
  std::optional<Step> get_ready_at_directory(const std::string& queue);
  std::optional<Step> get_born(const std::string& queue);
  void name_anew(std::size_t which);
  bool all_born() const;
  Step make_account(const std::string& queue);
  Step reserve(const std::string& queue, std::size_t which);
  Step create(const std::string& queue, std::size_t which);
  Step claim_name(const std::string& queue, std::size_t which);
  Step move_to(const std::string& queue, std::uint32_t target);
  Step where(const std::string& queue);

  // ── readings (rogue_owner_readings.cpp) ──
  std::optional<Step> get_known(const std::string& queue, Rng& rng);
  Step who_owns(const std::string& queue, OwnCharacter& character);
  Step acquire(const std::string& queue, OwnCharacter& character);
  Step acquire_again(const std::string& queue, OwnCharacter& character);
  Step read_inbox(const std::string& queue, OwnCharacter& character);
  Step read_characters(const std::string& queue);
  Step read_hoard(const std::string& queue);
  Step locate(const std::string& queue, std::size_t which);

  // ── deeds, lawful and not (rogue_owner_deeds.cpp) ──
  proto::Operation any_deed(const Scene& scene, const OwnThings& has, Rng& rng);
  Step do_some(const std::string& queue, std::size_t which, Rng& rng);
  Step roll_back(const std::string& queue, std::size_t which);
  Step give(const std::string& queue, std::size_t which, Rng& rng);
  Step fill_the_day(const std::string& queue, std::size_t which);
  Step change_hoard(const std::string& queue, Rng& rng);
  std::optional<Step> trick_by(const std::string& queue, std::size_t which, std::uint32_t shard,
                               const std::set<Stage>& stages, Rng& rng);
  std::optional<Step> trick_on_hoard(const std::string& queue, Rng& rng);
  Step tricked(const std::string& queue, std::size_t which, const OwnerTrick& trick, Question question);
  void note_letters(std::uint64_t sender, const OwnThings& had, const proto::Effect::Send& send,
                    const std::string& reason);

  OwnNumbers numbers_;
  proto::Uid incarnation_;
  std::uint64_t account_id_ = 0;  // 0: there is none yet
  std::uint32_t shard_ = 0;
  std::set<std::uint32_t> left_;  // where it was
  bool moving_ = false;
  std::uint64_t moves_ = 0;
  std::array<Birth, 3> births_;
  std::array<OwnCharacter, 2> characters_;
  OwnHoard hoard_;
  std::map<std::uint64_t, Letters> under_way_;  // by receiver: sent, or perhaps sent
  std::map<std::string, Asked> asked_;
  std::map<std::uint32_t, std::uint32_t> content_;  // active, by shard
  std::vector<Stranger> strangers_;
  int deeds_left_ = 0;  // until it is its turn again
  bool day_was_filled_ = false;
  std::set<std::int64_t> days_;  // of the batches' clocks
};

}  // namespace dure::sim
