-- SPDX-License-Identifier: Apache-2.0
DROP TABLE node_view;
DROP TABLE relay_node;
