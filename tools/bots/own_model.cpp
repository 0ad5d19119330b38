#include "tools/bots/own_model.h"

#include <algorithm>

#include "common/proto/value.pb.h"

namespace dure {

namespace {

std::string text_of(const OwnItem& item) {
  std::string text = item.name + " v" + std::to_string(item.version);
  return item.attributes.empty() ? text : text + " {" + item.attributes + "}";
}

// What is seen beyond (`gains`) and otherwise unlike (`differences`) what is expected. Items of `fresh` templates may
// come with any id.
struct Comparison {
  std::vector<Difference> differences, gains;
  Change gained;
};

void compare_balances(const Belongings& expected, const Belongings& seen, Comparison* out) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> both;
  for (const auto& [name, value] : expected.balances) both[name].first = value;
  for (const auto& [name, value] : seen.balances) both[name].second = value;
  for (const auto& [name, values] : both) {
    const auto& [wanted, is] = values;
    if (wanted == is) continue;
    if (is > wanted) out->gained.balances[name] = is - wanted;
    (is > wanted ? out->gains : out->differences)
        .push_back({"balance " + name, std::to_string(wanted), std::to_string(is)});
  }
}

Comparison compare(const Belongings& expected, std::map<std::string, int> fresh, const Belongings& seen) {
  Comparison out;
  compare_balances(expected, seen, &out);
  for (const auto& [id, item] : expected.items) {
    const auto found = seen.items.find(id);
    if (found == seen.items.end())
      out.differences.push_back({"item " + to_text(id), text_of(item), "none"});
    else if (!(found->second == item))
      out.differences.push_back({"item " + to_text(id), text_of(item), text_of(found->second)});
  }
  for (const auto& [id, item] : seen.items) {
    if (expected.items.count(id) != 0) continue;
    if (auto wanted = fresh.find(item.name); wanted != fresh.end() && wanted->second > 0)
      --wanted->second;
    else {
      out.gains.push_back({"item " + to_text(id), "none", text_of(item)});
      out.gained.added[id] = item;
    }
  }
  for (const auto& [name, missing] : fresh)
    if (missing > 0) out.differences.push_back({"new item " + name, std::to_string(missing) + " more", "none"});
  return out;
}

}  // namespace

std::int64_t Belongings::balance(const std::string& name) const {
  const auto found = balances.find(name);
  return found == balances.end() ? 0 : found->second;
}

Belongings belongings_of(const proto::Aggregate& aggregate) {
  Belongings out;
  for (const auto& amount : aggregate.balances())
    if (amount.value() != 0) out.balances[amount.name()] = amount.value();
  for (const auto& item : aggregate.items()) {
    OwnItem& own = out.items[ItemId{item.id().high(), item.id().low()}];
    own.name = item.template_();
    own.version = item.version();
    for (const auto& attribute : item.attributes()) {
      if (!own.attributes.empty()) own.attributes += ',';
      own.attributes += attribute.key() + "=" + std::to_string(attribute.value());
    }
  }
  return out;
}

void OwnModel::apply(const Change& change, Belongings* to) {
  for (const auto& [name, delta] : change.balances) to->balances[name] += delta;
  for (const auto& [id, item] : change.added) to->items[id] = item;
  for (const ItemId& id : change.removed) to->items.erase(id);
}

OwnModel::Verdict OwnModel::granted(std::uint64_t creq, const Told& told, bool may_gain) {
  Verdict verdict;
  const auto open = std::find_if(open_.begin(), open_.end(), [&](const Open& o) { return o.expected.creq == creq; });
  if (open == open_.end()) return verdict;
  const Open asked = std::move(*open);
  open_.erase(open);
  if (asked.in_doubt) return verdict;
  if (told.empty()) {  // done before the last state was read, or a repeat: believe what was asked for
    apply(asked.expected, &now_);
    unsaved_.push_back(asked.expected);
    return verdict;
  }
  Belongings expected = now_;
  apply(asked.expected, &expected);
  Belongings seen = now_;
  for (const auto& [name, value] : told.balances) seen.balances[name] = value;
  for (const auto& [id, item] : told.added) seen.items[id] = item;
  for (const ItemId& id : told.removed) seen.items.erase(id);
  Comparison comparison = compare(expected, asked.expected.fresh, seen);
  verdict.differences = std::move(comparison.differences);
  for (Difference& gain : comparison.gains) {
    const std::string name = gain.what.substr(gain.what.find(' ') + 1);
    const auto balance = told.balances.find(name);
    if (may_gain && balance != told.balances.end()) {
      verdict.gained.balances[name] = balance->second - expected.balance(name);
      ++verdict.untold_gains;
    } else {
      verdict.differences.push_back(std::move(gain));
    }
  }
  Change made;
  made.creq = creq;
  for (const auto& [name, value] : told.balances) made.balances[name] = value - now_.balance(name);
  made.added = told.added;
  made.removed = told.removed;
  now_ = std::move(seen);
  unsaved_.push_back(std::move(made));
  return verdict;
}

void OwnModel::refused(std::uint64_t creq) {
  std::erase_if(open_, [&](const Open& open) { return open.expected.creq == creq; });
}

Change OwnModel::set(const Told& now, bool settled) {
  Change made;
  made.settled = settled;
  const std::map<ItemId, OwnItem> had = now_.items;
  for (const auto& [name, value] : now.balances) made.balances[name] = value - now_.balance(name);
  made.added = now.added;
  made.removed = now.removed;
  apply(made, &now_);
  unsaved_.push_back(made);
  std::erase_if(made.added, [&](const auto& added) { return had.count(added.first) != 0; });
  return made;
}

void OwnModel::saved(std::uint64_t creq) {
  std::size_t covered = 0;
  for (std::size_t i = 0; i < unsaved_.size(); ++i)
    if (unsaved_[i].creq != 0 && unsaved_[i].creq <= creq) covered = i + 1;
  for (; covered > 0; --covered) {
    apply(unsaved_.front(), &base_);
    unsaved_.pop_front();
  }
}

OwnModel::Verdict OwnModel::state(const Belongings& seen, std::uint64_t last_creq, Arrival arrival, bool may_gain) {
  Verdict verdict;
  if (!known_) {
    settle(0, seen, Arrival::kMoved);
    return verdict;
  }
  // How much of the chain may be missing: nothing, or after a fault everything behind last_creq.
  std::size_t least = unsaved_.size();
  if (arrival == Arrival::kFault) {
    least = 0;
    for (std::size_t i = 0; i < unsaved_.size(); ++i)
      if (unsaved_[i].creq != 0 && unsaved_[i].creq <= last_creq) least = i + 1;
  }
  Comparison closest;
  bool have_closest = false;
  for (std::size_t kept = unsaved_.size() + 1; kept-- > least;) {
    Belongings expected = base_;
    for (std::size_t i = 0; i < unsaved_.size(); ++i)
      if (i < kept || unsaved_[i].settled) apply(unsaved_[i], &expected);
    if (kept == unsaved_.size()) expected = now_;
    std::map<std::string, int> fresh;
    // Requests without a reply, in their order, as far as the owner has seen them. Only behind the whole chain.
    for (std::size_t done = 0; done <= open_.size(); ++done) {
      if (done > 0) {
        const Change& open = open_[done - 1].expected;
        if (open.creq > last_creq || kept < unsaved_.size()) break;
        apply(open, &expected);
        for (const auto& [name, count] : open.fresh) fresh[name] += count;
      }
      Comparison comparison = compare(expected, fresh, seen);
      const bool fits = comparison.differences.empty() && (comparison.gains.empty() || may_gain);
      if (fits) {
        verdict.untold_gains = comparison.gains.size();
        verdict.gained = std::move(comparison.gained);
        verdict.applied_lost = unsaved_.size() - kept;
        settle(done, seen, arrival);
        return verdict;
      }
      if (!have_closest ||
          comparison.differences.size() + comparison.gains.size() < closest.differences.size() + closest.gains.size()) {
        closest = std::move(comparison);
        have_closest = true;
      }
    }
  }
  verdict.differences = std::move(closest.differences);
  for (Difference& gain : closest.gains) verdict.differences.push_back(std::move(gain));
  settle(0, seen, arrival);
  return verdict;
}

void OwnModel::settle(std::size_t open_done, const Belongings& seen, Arrival arrival) {
  known_ = true;
  for (std::size_t i = 0; i < open_done; ++i) open_[i].in_doubt = true;
  now_ = seen;
  if (arrival == Arrival::kSame) {
    // Nothing new is proven saved; replay would need the chain from base_ to now_ to add up.
    Belongings chain = base_;
    for (const Change& change : unsaved_) apply(change, &chain);
    const Comparison comparison = compare(chain, {}, seen);
    if (comparison.differences.empty() && comparison.gains.empty()) return;
  }
  base_ = seen;
  unsaved_.clear();
}

std::vector<std::uint64_t> OwnModel::open_creqs() const {
  std::vector<std::uint64_t> creqs;
  for (const Open& open : open_) creqs.push_back(open.expected.creq);
  return creqs;
}

}  // namespace dure
