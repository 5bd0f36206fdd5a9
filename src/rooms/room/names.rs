//! Updates names of senders, which another program may change. Such a change is no log entry, because the log is about
//! messages.

use std::{collections::HashMap, sync::Arc};

use super::RoomState;
use crate::{
    chat::id::UserId,
    db::room_log::{EntryBody, MessageAdded, MessageEdited},
    protocol::{MessageView, SenderView},
};

type Names = HashMap<UserId, Arc<str>>;

impl RoomState {
    /// Takes over the senders' names from these messages, which were read later.
    pub(in crate::rooms) fn rename(&mut self, found: &[MessageView]) {
        let names: Names = found
            .iter()
            .map(|message| (message.sender_id.clone(), Arc::clone(&message.sender_name)))
            .collect();
        self.rename_senders(&names);
    }

    /// Gives all messages of a sender this name.
    pub(in crate::rooms) fn rename_sender(&mut self, sender_id: &UserId, name: &Arc<str>) {
        self.rename_senders(&Names::from([(sender_id.clone(), Arc::clone(name))]));
    }

    fn rename_senders(&mut self, names: &Names) {
        let mut is_changed = false;
        for message in self.messages.iter_mut() {
            is_changed |= rename(message, names);
        }
        for entry in &mut self.recent {
            if let EntryBody::New(MessageAdded(message)) | EntryBody::Updated(MessageEdited(message)) =
                &mut entry.body
            {
                rename(message, names);
            }
        }
        if is_changed {
            self.histories.clear();
        }
    }
}

fn rename(message: &mut Arc<MessageView>, names: &Names) -> bool {
    let Some(name) = names.get(&message.sender_id).filter(|name| **name != message.sender_name) else {
        return false;
    };
    let message = Arc::make_mut(message);
    message.sender_name = Arc::clone(name);
    message.sender = SenderView { name: Arc::clone(name) };
    true
}
