// An operation of the rogue's own characters, written effect by effect. Plain values, one thread.
#pragma once
#include <cstdint>
#include <string>
#include <utility>

#include "common/proto/value.pb.h"

namespace dure::sim {

class OwnerDeed {
 public:
  explicit OwnerDeed(const std::string& reason) { operation_.set_reason(reason); }
  OwnerDeed& balance(const std::string& currency, std::int64_t delta, std::int64_t cap = 0) {
    auto* effect = operation_.add_effects()->mutable_balance();
    effect->set_currency(currency);
    effect->set_delta(delta);
    effect->set_cap(cap);
    return *this;
  }
  OwnerDeed& mint(const proto::Uid& id, const std::string& thing) {
    auto* item = operation_.add_effects()->mutable_mint()->mutable_item();
    *item->mutable_id() = id;
    item->set_template_(thing);
    item->set_version(1);
    return *this;
  }
  OwnerDeed& burn(const proto::Uid& id, std::int64_t version) {
    auto* effect = operation_.add_effects()->mutable_burn();
    *effect->mutable_item() = id;
    effect->set_version(version);
    return *this;
  }
  OwnerDeed& attribute(const proto::Uid& id, std::int64_t version, const std::string& key, std::int64_t value) {
    auto* effect = operation_.add_effects()->mutable_set_attribute();
    *effect->mutable_item() = id;
    effect->set_version(version);
    effect->set_key(key);
    effect->set_value(value);
    return *this;
  }
  OwnerDeed& flag(const std::string& name) {
    operation_.add_effects()->mutable_set_once()->set_flag(name);
    return *this;
  }
  OwnerDeed& count(const std::string& counter, std::int64_t delta, std::int64_t cap = 0) {
    auto* effect = operation_.add_effects()->mutable_count();
    effect->set_counter(counter);
    effect->set_delta(delta);
    effect->set_cap(cap);
    return *this;
  }
  OwnerDeed& layout(const std::string& layout) {
    operation_.add_effects()->mutable_layout()->set_layout(layout);
    return *this;
  }
  OwnerDeed& key(const proto::Effect::DropKey& key) {
    *operation_.add_effects()->mutable_drop_key() = key;
    return *this;
  }
  OwnerDeed& send(const proto::Effect::Send& letter) {
    *operation_.add_effects()->mutable_send() = letter;
    return *this;
  }
  OwnerDeed& claim(std::uint64_t message_id) {
    operation_.add_effects()->mutable_claim()->set_message_id(message_id);
    return *this;
  }
  OwnerDeed& claim(std::uint64_t message_id, const std::string& currency, std::int64_t cap) {
    auto* effect = operation_.add_effects()->mutable_claim();
    effect->set_message_id(message_id);
    auto* most = effect->add_caps();
    most->set_name(currency);
    most->set_value(cap);
    return *this;
  }
  OwnerDeed& asked_by_client(std::uint64_t creq, std::uint64_t hash) {
    operation_.set_creq(creq);
    operation_.set_creq_hash(hash);
    return *this;
  }
  OwnerDeed& content(std::uint32_t version) {
    operation_.set_content_version(version);
    return *this;
  }
  OwnerDeed& nothing_known() {
    operation_.add_effects();
    return *this;
  }
  proto::Operation take() { return std::move(operation_); }

 private:
  proto::Operation operation_;
};

}  // namespace dure::sim
