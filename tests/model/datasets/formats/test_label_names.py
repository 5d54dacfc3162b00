from model.datasets.formats.label_names import names_of_feature


def test_numbered_names_are_in_the_order_of_their_numbers():
    """Ten follows nine, in whatever order the file has them."""
    numbered = {str(number): f"name_{number}" for number in (10, 2, 1, 0, 9, 3, 4, 5, 6, 7, 8)}

    [names] = names_of_feature({"class_label": {"names": numbered}})

    assert names == [f"name_{number}" for number in range(11)]
